"""The text that leaves: where each character came from, and the last checks."""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from shipper.errors import TemplateError, shown
from shipper.yamltext import quote_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shipper.errors import Position
    from shipper.template.escape.compare import Event
    from shipper.template.escape.holdout import HeldOut
    from shipper.template.escape.sites import Replacement


class Text(NamedTuple):
    """The held-out text with `edits` made (in order, disjoint); edit i begins at `starts[i]` of `text`."""

    text: str
    held: HeldOut
    edits: tuple[Replacement, ...]
    starts: tuple[int, ...]

    def position(self, offset: int) -> Position | None:
        """The place in a template that gave the character at `offset`."""
        index = bisect_right(self.starts, offset) - 1
        if index < 0:
            return self.held.position(offset)
        edit = self.edits[index]
        beyond = offset - self.starts[index] - len(edit.text)
        return self.held.position(edit.end + beyond if beyond >= 0 else edit.start)


def make_edits(held: HeldOut, replacements: Iterable[Replacement]) -> Text:
    """Put `replacements` into the held-out text."""
    edits = tuple(sorted(replacements))
    parts: list[str] = []
    starts: list[int] = []
    at = length = 0
    for edit in edits:
        parts += (held.text[at : edit.start], edit.text)
        length += edit.start - at
        starts.append(length)
        length += len(edit.text)
        at = edit.end
    parts.append(held.text[at:])
    return Text("".join(parts), held, edits, tuple(starts))


def check_keys(text: Text, events: Sequence[Event]) -> None:
    """Raise TemplateError if a mapping has a key twice."""
    # The keys of each open mapping so far (None for a sequence), and whether a key comes next.
    stack: list[tuple[set[str] | None, list[bool]]] = []
    for event in events:
        if event.kind == "end":
            del stack[-1:]
        elif event.is_node:
            keys, key_next = stack[-1] if stack else (None, [False])
            if keys is not None and key_next[0] and event.kind == "scalar":
                if event.value in keys:
                    raise _twice(event.value, text.position(event.start))
                keys.add(event.value)
            key_next[0] = not key_next[0]
            if event.kind in ("mapping", "sequence"):
                stack.append((set() if event.kind == "mapping" else None, [True]))


def check_json(text: Text) -> None:
    """Raise TemplateError if the text is no JSON (RFC 8259), or has a key twice in an object."""

    def refuse(constant: str) -> NoReturn:
        raise TemplateError(f"{constant} is no JSON", position=text.position(text.text.find(constant)))

    def once(pairs: list[tuple[str, object]]) -> None:
        keys: set[str] = set()
        for key, _ in pairs:
            if key in keys:
                raise _twice(key, text.position(text.text.find(quote_json(key))))
            keys.add(key)

    if not text.text.strip():
        return
    try:
        json.loads(text.text, parse_constant=refuse, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise TemplateError(
            f"the rendered text is not JSON: {error.msg[0].lower()}{error.msg[1:]}", position=text.position(error.pos)
        ) from None
    except (RecursionError, ValueError) as error:
        raise TemplateError(f"the rendered text is not JSON: {error}", position=text.position(0)) from None


def _twice(key: str, position: Position | None) -> TemplateError:
    return TemplateError(f"the key {shown(key)} stands twice in one mapping of the rendered text", position=position)
