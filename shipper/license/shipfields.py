"""The fields of Replicated Ship's files: what each must be, and which one is wrong. Values are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.license.defects import DefectError, shown
from shipper.license.fields import encodable
from shipper.license.shiptime import parse_ship_time

if TYPE_CHECKING:
    from datetime import datetime

    from shipper.license.defects import Path


def text_in(value: object, path: Path) -> str:
    """The text at `path`; empty where there is none. Raises DefectError, as all of these do."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(path, "text", value)
    if not encodable(value):
        raise DefectError("bad-payload", f"{said(path)}: must be text without NUL and lone surrogates")
    return value


def list_in(value: object, path: Path) -> list[object]:
    """The list at `path`; empty where there is none."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(path, "a list", value)
    return value


def map_in(value: object, path: Path) -> dict[str, object]:
    """The map at `path`; empty where there is none."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(path, "a map", value)
    return value


def time_in(value: object, path: Path) -> datetime | None:
    """The time at `path`, in UTC; None where there is none."""
    text = text_in(value, path)
    try:
        return parse_ship_time(text)
    except ValueError:
        raise DefectError(
            "bad-payload",
            f"{said(path)}: {shown(text)} is no time that can be read",
            hint="such as 2030-01-01T00:00:00Z; empty for never",
        ) from None


def wrong(path: Path, wanted: str, value: object) -> DefectError:
    """The error for a field of another shape. Its value is not shown: nobody knows what somebody wrote there."""
    kinds: tuple[tuple[type, str], ...] = ((dict, "a map"), (list, "a list"), (str, "text"), (bool, "a boolean"))
    kind = next(
        (name for type_, name in kinds if isinstance(value, type_)), "a number" if value is not None else "null"
    )
    return DefectError("bad-payload", f"{said(path)}: must be {wanted}, not {kind}")


def said(path: Path) -> str:
    """`values[3].value`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
