"""How the values of a field are written in a line of 80 columns, and its path."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING

from shipper.cli.funnel import counted, printable, width
from shipper.render.diff.fields import Item, Unquoted
from shipper.render.diff.lines import changed_blocks
from shipper.render.diff.unified import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.render.diff.compare import Field
    from shipper.render.diff.fields import FieldChange, Step

WIDTH = 80
MAX_PATH = 200
MAX_LINES = 10
LEAD = 16
"""How much of what is equal is shown before the first difference of two long texts, in characters."""
TYPES: dict[type, str] = {
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
    list: "list",
    dict: "map",
    Unquoted: "unquoted",
}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PLAIN_LABEL = re.compile(r"[A-Za-z0-9_./:@-]+")


def in_one_line(field: Field, path: str) -> str | None:
    """`path: old → new`; None where a value is too long for that."""
    change = field.change
    if field.secret and change.change == "changed" and change.old == change.new:
        return f"{path}: changed, not shown"
    if change.change == "reordered":
        return f"{path}: order {listed(change.old)} → {listed(change.new)}"
    if any(isinstance(value, str) and len(value) > WIDTH for value in (change.old, change.new)):
        return None
    if change.change == "changed":
        if is_lines(change.old) and is_lines(change.new):
            return None
        old, new = shown(change.old, change.new)
        return f"{path}: {old} → {new}"
    return f"{path}: {scalar(change.new if change.change == 'added' else change.old, 0, WIDTH)}"


def values_below(change: FieldChange, room: int) -> list[tuple[str, str]]:
    """The values in lines of their own, each with its sign."""
    if change.change == "added":
        return [("+", scalar(change.new, 0, room))]
    if change.change == "removed":
        return [("-", scalar(change.old, 0, room))]
    if change.change == "reordered":
        return [("-", listed(change.old)), ("+", listed(change.new))]
    if is_lines(change.old) and is_lines(change.new):
        return changed_lines(change.old, change.new)
    old, new = shown(change.old, change.new, room)
    return [("-", old), ("+", new)]


def is_lines(value: object) -> bool:
    """Whether a text is best compared line by line."""
    return isinstance(value, str) and "\n" in value


def changed_lines(old: str, new: str) -> list[tuple[str, str]]:
    """The lines that differ, and how many more there are."""
    left, right = lines_of(old), lines_of(new)
    found: list[tuple[str, str]] = []
    for block in changed_blocks(left, right):
        found += [("-", line) for line in left[block.left : block.left_end]]
        found += [("+", line) for line in right[block.right : block.right_end]]
    more = len(found) - MAX_LINES
    signed = [(sign, printable(line.rstrip("\n")[: 2 * WIDTH]) or '""') for sign, line in found[:MAX_LINES]]
    return [*signed, ("", f"… and {counted(more, 'line')} more; -o patch has all")] if more > 0 else signed


def shown(old: object, new: object, room: int = WIDTH) -> tuple[str, str]:
    """Two values, from where they begin to differ if they are long; with their types where these differ."""
    start = 0
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > room - 2:
        start = max(0, equal_until(old, new) - LEAD)
    types = [TYPES.get(type(value), "") for value in (old, new)]
    texts = [scalar(value, start, room) for value in (old, new)]
    if types[0] == types[1]:
        return texts[0], texts[1]
    labeled = [
        text if kind in {"list", "map"} else f"{cut(text, room - len(kind) - 3)} ({kind})"
        for text, kind in zip(texts, types, strict=True)
    ]
    return labeled[0], labeled[1]


def equal_until(old: str, new: str) -> int:
    """The number of characters that two texts begin with alike."""
    for place, (before, after) in enumerate(zip(old, new, strict=False)):
        if before != after:
            return place
    return min(len(old), len(new))


def scalar(value: object, start: int, room: int) -> str:
    """A value as JSON in one printable line of about `room` columns; a text from its character `start` on."""
    if isinstance(value, Unquoted):
        return cut(printable(str(value)), room)
    if isinstance(value, str):
        part = printable(json.dumps(value[start : start + room], ensure_ascii=False)[1:-1])
        lead = "…" if start else ""
        whole = columns(part) + len(lead) + 2 <= room and start + room >= len(value)
        return f'"{lead}{part}"' if whole else f'"{lead}{cut(part, room - 2 - len(lead), always=True)}"'
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return cut(printable(json.dumps(value, ensure_ascii=False, default=str)), room)


def listed(labels: Sequence[str]) -> str:
    """Labels of a list."""
    return printable(", ".join(labels))


def columns(text: str) -> int:
    """How many columns of a terminal a printable text takes."""
    return len(text) if text.isascii() else sum(map(width, text))


def cut(text: str, room: int, *, always: bool = False) -> str:
    """`text` in at most `room` columns, with an ellipsis where it was cut, or `always`."""
    text = text[: 4 * room]
    if columns(text) <= room - always:
        return f"{text}…" if always else text
    taken, used = 0, 0
    while used + width(text[taken]) < room:
        used += width(text[taken])
        taken += 1
    return f"{text[:taken]}…"


def path_text(path: Sequence[Step]) -> str:
    """`spec.containers[web].args[0]`, and `metadata.annotations["a.b/c"]` for a key with other characters."""
    text = ""
    for step in path:
        if isinstance(step, str):
            text += (f".{step}" if text else step) if _PLAIN.fullmatch(step) else f"[{json.dumps(step)}]"
        elif isinstance(step, Item):
            text += f"[{step.label if _PLAIN_LABEL.fullmatch(step.label) else json.dumps(step.label)}]"
        else:
            text += f"[{step}]"
    return text if len(text) <= MAX_PATH else f"…{text[-MAX_PATH:]}"
