"""Times as a license writes them: RFC 3339 in UTC with whole seconds, `2030-01-01T00:00:00Z`."""

from __future__ import annotations

from datetime import UTC, datetime

FORM = "2030-01-01T00:00:00Z"
_PATTERN = "0000-00-00T00:00:00Z"


def parse_time(text: str) -> datetime:
    """The instant that `text` names. Raises ValueError for any other form, leap seconds included."""
    shape = "".join("0" if "0" <= char <= "9" else char for char in text)
    if shape != _PATTERN:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def format_time(instant: datetime) -> str:
    """`instant` in UTC, to the second (fractions are cut off)."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
