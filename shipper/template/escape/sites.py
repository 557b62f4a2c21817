"""Find each scalar that holds printed values, and what the author meant by it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from shipper.context.values import FALSE_TEXTS, TRUE_TEXTS, Printed, TypedText, YamlText
from shipper.errors import TemplateError
from shipper.template.escape.compare import REFUSED_BY_SOME, as_flow
from shipper.template.escape.holdout import position_of
from shipper.yamltext import is_plain_string, one_line, quote_json, quote_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shipper.context.values import Source
    from shipper.template.escape.compare import Event
    from shipper.template.escape.holdout import HeldOut, Slot

# A key longer than this is written with an explicit `?`: YAML's implicit keys end at 1,024 characters.
_LONGEST_IMPLICIT_KEY = 1000
_LINE_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
# Compiled when they are first needed: importing this is a part of every cold start
_BLOCK_MARK = r"[|>][0-9+-]*"
_COLON = r"\s*:"
_PROPERTIES = r"(?:[&!]\S*\s+)*"
_INTEGER = r"-?(?:0|[1-9][0-9]*)"
_JSON_LITERAL = r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"

Meaning = Literal["text", "literal", "open", "node"]


class Site(NamedTuple):
    """A scalar of the held-out text with values in it.

    number: its index in the events of the held-out text. start, end: its characters there (without anchor and
    tag). meaning: a string (`text`), a plain scalar whose type YAML decides (`literal`), the same unless it has to be
    quoted (`open`), or a whole node.
    value: the scalar's value, or the node's text. written: the characters with the values simply put in; those of a
    block scalar begin below its mark.
    """

    number: int
    start: int
    end: int
    style: str
    slots: tuple[Slot, ...]
    is_key: bool
    in_flow: bool
    document: int
    meaning: Meaning
    value: str
    written: str


class Comment(NamedTuple):
    """A value in a comment, and the characters that take the place of its token."""

    slot: Slot
    written: str


class Reading(NamedTuple):
    """The held-out text as YAML: its events, the scalars and the comments that hold values."""

    events: list[Event]
    sites: list[Site]
    comments: list[Comment]


def read_sites(held: HeldOut, events: list[Event], *, json_file: bool) -> Reading:
    """Assign every slot to the scalar or comment it stands in.

    Raises TemplateError where a value stands in an anchor, alias, tag, directive, or after a backslash.
    """
    sites: list[Site] = []
    in_scalars: set[int] = set()
    slots = held.slots
    for place in _nodes_with_slots(events, slots):
        event = place.event
        if event.kind != "scalar":
            _refuse_properties(held, slots[place.slot], event)
            continue
        inside = _slots_within(slots, place.slot, event.end)
        start = event.start + _properties_length(held, event, inside)
        inside = tuple(slot for slot in inside if held.text[slot.start : slot.end] in event.value)
        if inside:
            in_scalars.update(slot.start for slot in inside)
            sites.append(_site(held, place, start, inside, json_file=json_file))
    rest = [slot for slot in slots if slot.start not in in_scalars]
    return Reading(events, sites, [_comment(held, slot) for slot in rest])


class _Place(NamedTuple):
    number: int
    event: Event
    slot: int
    is_key: bool
    in_flow: bool
    document: int


def _nodes_with_slots(events: Sequence[Event], slots: Sequence[Slot]) -> Iterator[_Place]:
    """The nodes whose own characters hold a slot: where each stands, and the number of its first slot."""
    # One entry for each open collection: [is a mapping, is flow, a key comes next].
    stack: list[list[bool]] = [[False, False, False]]
    document = -1
    slot, count = 0, len(slots)
    for number, event in enumerate(events):
        kind = event.kind
        if kind == "end":
            if len(stack) > 1:  # else it is a document that ends
                stack.pop()
        elif kind == "document":
            document += 1
        else:
            top = stack[-1]
            while slot < count and slots[slot].end <= event.start:
                slot += 1
            if slot == count:
                return
            if slots[slot].start < event.end:
                yield _Place(number, event, slot, top[0] and top[2], top[1], document)
            top[2] = not top[2]
            if kind in ("mapping", "sequence"):
                stack.append([kind == "mapping", event.flow, True])


def _slots_within(slots: Sequence[Slot], at: int, end: int) -> tuple[Slot, ...]:
    last = at
    while last < len(slots) and slots[last].start < end:
        last += 1
    return tuple(slots[at:last])


def _refuse_properties(held: HeldOut, slot: Slot, event: Event) -> None:
    """Refuse a value in an alias or in the anchor or tag of a collection."""
    if event.kind == "alias":
        raise _misplaced(slot, "an alias")
    token = held.text[slot.start : slot.end]
    if token in (event.anchor or "") or token in (event.tag or ""):
        raise _misplaced(slot, "an anchor or a tag")


def _properties_length(held: HeldOut, event: Event, inside: Sequence[Slot]) -> int:
    if event.anchor is None and event.tag is None:
        return 0
    slice_ = held.text[event.start : event.end]
    match = re.match(_PROPERTIES, slice_)
    length = match.end() if match else 0
    if inside[0].start < event.start + length:
        raise _misplaced(inside[0], "an anchor or a tag")
    return length


def _misplaced(slot: Slot, place: str) -> TemplateError:
    return TemplateError(
        f"a value can't stand in {place}",
        position=position_of(slot.piece.source),
        hint=choose_hint(slot.piece.source),
    )


def choose_hint(source: Source) -> str:
    """What to do where no value can stand, in the language of its template."""
    choice = "{{repl if … }}" if getattr(source.template, "templating", "") == "repl" else "{% if %}"
    return f"choose between texts of your own with {choice}, or insert a whole node with toYaml"


def _site(held: HeldOut, place: _Place, start: int, inside: tuple[Slot, ...], *, json_file: bool) -> Site:
    event = place.event
    end = event.end
    if event.style == '"':
        refuse_after_backslash(held, inside)
    meaning, value = _meaning(held, place, inside, start, end)
    written = _written(held, place, inside, (start, end), (meaning, value), json_file=json_file)
    return Site(
        place.number,
        start,
        end,
        event.style,
        inside,
        place.is_key,
        place.in_flow,
        place.document,
        meaning,
        value,
        written,
    )


def refuse_after_backslash(held: HeldOut, inside: Sequence[Slot]) -> None:
    """Raise TemplateError if one of the slots would be a part of an escape in double quotes."""
    for slot in inside:
        at = slot.start
        while held.text[at - 1] == "\\":
            at -= 1
        if (slot.start - at) % 2:
            raise _misplaced(slot, "an escape: a backslash stands before it")


def _meaning(held: HeldOut, place: _Place, inside: tuple[Slot, ...], start: int, end: int) -> tuple[Meaning, str]:
    event = place.event
    plain = not event.style
    if plain and len(inside) == 1 and inside[0].start == start and inside[0].end == end:
        return _alone(inside[0].piece, is_key=place.is_key)
    rest = event.value
    parts: list[str] = []
    block = block_indent(held.text[start:end], event.value) if event.style in ("|", ">") else None
    for slot in inside:
        text = slot.piece.written() if block is None else slot.piece._replace(
            indent=max(0, slot.piece.indent - block)
        ).written()  # fmt: skip
        # Only what is left is searched: a value that went in may look like a token with what stands behind it
        before, _, rest = rest.partition(held.text[slot.start : slot.end])
        parts += (before, text)
    value = "".join(parts) + rest
    if not plain or place.is_key:
        return "text", value
    if all(slot.piece.open for slot in inside):
        return "open", value
    return ("literal" if all(is_number(slot.piece.value) for slot in inside) else "text"), value


def _alone(piece: Printed, *, is_key: bool) -> tuple[Meaning, str]:
    """What a value means that is a whole unquoted scalar: itself, with its declared type."""
    value = piece.value
    if is_key:
        return "text", piece.text
    if isinstance(value, YamlText):
        return "node", piece.text
    if piece.open and piece.text:
        return "open", piece.text
    literal = typed_literal(value)
    return ("text", piece.text) if literal is None else ("literal", literal)


def typed_literal(value: object) -> str | None:
    """`value` as a plain scalar that every reader gives the value's own type; None if it is a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int:
        return int.__repr__(value)
    if isinstance(value, (int, float)):
        return _number(json.dumps(value))
    if isinstance(value, TypedText):
        if value.type == "boolean":
            return "true" if value in TRUE_TEXTS else "false" if value in FALSE_TEXTS else None
        if value.type == "integer" and re.fullmatch(_INTEGER, value):
            return str(value)
        if value.type == "number" and re.fullmatch(_NUMBER, value):
            return _number(value)
    return None


def may_stay_open(text: str) -> bool:
    """Whether `text` may be tried as a plain scalar of which YAML makes what it will; it is read back in any case."""
    return text.isprintable() and re.fullmatch(REFUSED_BY_SOME, text) is None


def _number(text: str) -> str:
    """`text` with the dot that YAML 1.1 wants in a number with an exponent."""
    mantissa, exponent_mark, exponent = text.lower().partition("e")
    if not exponent_mark:
        return text
    sign = "" if exponent[0] in "+-" else "+"
    return f"{mantissa}{'' if '.' in mantissa else '.0'}e{sign}{exponent}"


def is_number(value: object) -> bool:
    """Whether `value` is a number, or text that is declared as one."""
    if isinstance(value, TypedText):
        return value.type in ("integer", "number")
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def block_indent(slice_: str, value: str) -> int:
    """The indentation of a block scalar's content, from its first line that is not blank."""
    for line in slice_.split("\n")[1:]:
        if line.strip():
            inner = next((kept for kept in value.split("\n") if kept.strip()), "")
            return _leading(line) - _leading(inner)
    return 0


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _written(
    held: HeldOut,
    place: _Place,
    inside: tuple[Slot, ...],
    span: tuple[int, int],
    meant: tuple[Meaning, str],
    *,
    json_file: bool,
) -> str:
    """The scalar's characters with the values simply put in; a value alone is written so that it is right."""
    start, end = span
    meaning, value = meant
    event = place.event
    if not event.style and len(inside) == 1 and inside[0].start == start and inside[0].end == end:
        if meaning == "node":
            return inside[0].piece.written()
        if meaning == "open":
            kept = re.fullmatch(_JSON_LITERAL, value) if json_file else may_stay_open(value)
            if kept:
                return value
        elif meaning == "literal" or (
            not json_file and is_plain_string(value) and not (place.in_flow and ":" in value)
        ):
            return value
        return quote_json(value) if json_file else quote_yaml(value)
    return "".join(fill(held.text, _content_at(held, event.style, start), end, inside))


def _content_at(held: HeldOut, style: str, start: int) -> int:
    """Where the characters of a scalar begin that starts at `start`: those of a block scalar stand below its mark."""
    line_break = _LINE_BREAK.search(held.text, start) if style in ("|", ">") else None
    return line_break.start() if line_break else start


def fill(text: str, start: int, end: int, slots: Sequence[Slot]) -> Iterator[str]:
    """The characters from `start` to `end` with the values of `slots` in place of their tokens."""
    at = start
    for slot in slots:
        yield text[at : slot.start]
        yield slot.piece.written()
        at = slot.end
    yield text[at:end]


def _comment(held: HeldOut, slot: Slot) -> Comment:
    line = held.text[held.text.rfind("\n", 0, slot.start) + 1 : slot.start]
    if "#" not in line:
        raise _misplaced(slot, "a directive" if line.startswith("%") else "this place")
    return Comment(slot, one_line(slot.piece.text))


class Replacement(NamedTuple):
    """New characters for `text[start:end]` of the held-out text."""

    start: int
    end: int
    text: str


def as_written(held: HeldOut, site: Site) -> Replacement:
    """The site with the values simply put in. A block scalar's mark, and a comment behind it, stay as they are."""
    if _needs_explicit_key(held, site, site.written):
        return _explicit_key(held, site, site.written)
    return Replacement(_content_at(held, site.style, site.start), site.end, site.written)


def _fits_json(site: Site) -> bool:
    if not site.style:
        open_literal = site.meaning == "open" and re.fullmatch(_JSON_LITERAL, site.written) is not None
        return site.meaning == "literal" or site.written[0] == '"' or open_literal
    if site.style != '"':
        return False
    return all(quote_json(slot.piece.text)[1:-1] == slot.piece.written() for slot in site.slots)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def in_json(site: Site) -> Replacement:
    """The site as a scalar or a node of JSON; its text stays where it is one already."""
    if site.meaning == "node":
        stays = site.slots[0].piece.open and _is_json(site.written)
        return Replacement(site.start, site.end, site.written if stays else as_flow(site.value, quote_json))
    kept = site.written if _fits_json(site) else quote_json(site.value)
    return Replacement(site.start, site.end, kept)


def rewritten(held: HeldOut, site: Site) -> list[Replacement]:
    """The site written anew: double-quoted, or in flow style where it means a whole node."""
    if site.meaning == "node":
        return [Replacement(site.start, site.end, as_flow(site.value, quote_yaml))]
    quoted = quote_yaml(site.value)
    if site.style in ("|", ">"):
        # Instead of the mark, so that a comment behind it may stay
        mark = re.compile(_BLOCK_MARK).match(held.text, site.start)
        content = _content_at(held, site.style, site.start)
        body = held.text[content : site.end]
        blank = body[len(body.rstrip("\n ")) :].lstrip(" ")
        return [
            Replacement(site.start, mark.end() if mark else content, quoted),
            Replacement(content, site.end, blank),
        ]
    if _needs_explicit_key(held, site, quoted):
        return [_explicit_key(held, site, quoted)]
    return [Replacement(site.start, site.end, quoted)]


def _needs_explicit_key(held: HeldOut, site: Site, key: str) -> bool:
    if not site.is_key or len(key) <= _LONGEST_IMPLICIT_KEY:
        return False
    return not held.text[max(0, site.start - 20) : site.start].rstrip().endswith("?")


def _explicit_key(held: HeldOut, site: Site, key: str) -> Replacement:
    """A key too long for `key: value`, as `? key` and, aligned below it, `: value` if there is one."""
    colon = re.compile(_COLON).match(held.text, site.end)
    if colon is None:
        return Replacement(site.start, site.end, f"? {key}")
    column = site.start - (held.text.rfind("\n", 0, site.start) + 1)
    separator = " " if site.in_flow else "\n" + " " * column
    return Replacement(site.start, colon.end(), f"? {key}{separator}:")
