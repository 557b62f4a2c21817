"""Which objects a query picks by their labels, and by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Object = dict[str, Any]


def selector(labels: str, fields: str) -> Callable[[Object], bool]:
    """Whether an object has the labels, and the name or namespace, that a query asks for; knows `=`, `!=` and `in`."""
    wanted = []
    for part in _parts(labels):
        name, operator, value = next(
            (part.partition(sign)[0].strip(), sign, part.partition(sign)[2].strip())
            for sign in ("!=", "==", "=", " in ", "")
            if sign in part
        )
        values = [each.strip() for each in value.strip("()").split(",")]
        wanted.append((name, operator, values))
    fixed = dict(part.replace("==", "=").split("=", 1) for part in fields.split(",") if part)

    def fits(found: Object) -> bool:
        has = found["metadata"].get("labels") or {}
        for name, operator, values in wanted:
            if operator == "!=" and has.get(name) in values:
                return False
            if operator in {"=", "==", " in "} and has.get(name) not in values:
                return False
            if not operator and name not in has:
                return False
        return all(found["metadata"].get(name.removeprefix("metadata.")) == value for name, value in fixed.items())

    return fits


def _parts(selector: str) -> list[str]:
    """The requirements in a selector: commas within parentheses belong to a list."""
    parts, depth = [""], 0
    for character in selector:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part]
