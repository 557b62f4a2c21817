"""How named keys are shown, and which names they may have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shipper.errors import UsageError, shown
from shipper.license.times import format_time
from shipper.usage.times import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.server.keys import KeyInfo

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADINGS = ("NAME", "SCOPES", "CREATED", "LAST USED", "REVOKED")


def require_name(name: str) -> None:
    """Raise UsageError for what can't be the name of a key."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{shown(name)} is no name for a key", hint="up to 64 letters, digits and ._-, such as cluster-eu-2027"
        )


def listed(keys: Sequence[KeyInfo], output: str) -> str:
    """What `key list` prints: a table, or the same in JSON or YAML."""
    if output == "text":
        rows = [_HEADINGS, *(_row(key) for key in keys)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "".join("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in rows)
    data = {
        "keys": [
            {
                "name": key.name,
                "scopes": [str(scope) for scope in key.scopes],
                "created": _time(key.created),
                "last_used": _time(key.last_used),
                "revoked": _time(key.revoked),
            }
            for key in keys
        ]
    }
    if output == "json":
        return json.dumps(data, indent=2) + "\n"
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, width=4096))


def _row(key: KeyInfo) -> tuple[str, ...]:
    return (
        key.name,
        ",".join(key.scopes),
        _time(key.created) or "",
        _time(key.last_used) or "-",
        _time(key.revoked) or "-",
    )


def _time(value: int | None) -> str | None:
    return None if value is None else format_time(instant(value))
