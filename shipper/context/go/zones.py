"""Time zones by their IANA names, from the package tzdata alone: what the machine has installed decides nothing."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from functools import lru_cache

from shipper.errors import shown

_NAME = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}")
_UTC_NAMES = frozenset({"", "UTC", "Local"})


@lru_cache(maxsize=32)
def zone(name: str) -> tzinfo:
    """The zone `name`; "Local" is UTC, as is "" (Go's LoadLocation). Raises ValueError for one that isn't there."""
    if name in _UTC_NAMES:
        return UTC
    if _NAME.fullmatch(name):
        import zoneinfo

        # Without paths only the package is asked
        zoneinfo.reset_tzpath(to=())
        try:
            return zoneinfo.ZoneInfo.no_cache(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ValueError(f"there is no time zone {shown(name)}")
