"""Times as Replicated Ship's servers and states write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

LONG_AGO = datetime.min.replace(tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
# Date.prototype.toString of JavaScript
_JAVASCRIPT = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d{4}) (\d\d:\d\d:\d\d) GMT([+-]\d{4})(?: \([^()]{1,64}\))?", re.ASCII
)


def parse_ship_time(text: str) -> datetime | None:
    """The instant in UTC; None for none, which is empty text or Go's zero time.

    Read are RFC 3339 and what JavaScript prints (``Tue Jun 11 2019 21:24:11 GMT+0000 (UTC)``). Raises ValueError
    for any other form.
    """
    if not text:
        return None
    found = _JAVASCRIPT.fullmatch(text)
    if found:
        month = _MONTHS.index(found[1]) + 1
        text = f"{found[3]}-{month:02}-{found[2]}T{found[4]}{found[5][:3]}:{found[5][3:]}"
    elif not _RFC3339.fullmatch(text):
        raise ValueError(text)
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
    return None if moment == LONG_AGO else moment
