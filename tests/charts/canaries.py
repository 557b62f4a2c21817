"""Where secret values of a values file turn up: nowhere but in Secrets."""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.charts.podsecurity import Object

PATHS = (
    "license.key",
    "license.file.data.*",
    "tls.data.*",
    "database.auth.user",
    "database.auth.password",
)
"""Where values hold secrets as plain text; `*` is any key."""
_LONG_LINE = 16
_GROUP = 4


def plant(values: Any) -> tuple[Any, list[str]]:
    """Values with a canary in place of each secret, and the texts that may stand in Secrets only.

    A text of several lines (PEM) stays, for a chart may read it: its own lines are the canaries.
    """
    planted = copy.deepcopy(values)
    hidden: list[str] = []
    for path in PATHS:
        *before, last = path.split(".")
        for holder in _maps(planted, before):
            for key in [
                key for key, value in holder.items() if last in {"*", key} and isinstance(value, str) and value
            ]:
                lines = holder[key].splitlines()
                if len(lines) > 1:
                    hidden += [line for line in lines if len(line) >= _LONG_LINE and not line.startswith("-----")]
                else:
                    holder[key] = f"canary-{len(hidden):04d}-of-{key.replace('.', '-')}"
                    hidden.append(holder[key])
    return planted, hidden


def leaks(objects: Sequence[Object], hidden: Sequence[str]) -> list[str]:
    """Objects of another kind than Secret, and parts of Secrets that are no data, in which a text stands."""
    found = []
    for each in objects:
        kept = {**each, "data": None, "stringData": None} if each["kind"] == "Secret" else each
        whole = "\n".join(_texts(kept))
        where = f"{each['kind']}/{each['metadata']['name']}"
        found += [f"{where}: {secret}" for secret in hidden if any(form in whole for form in forms(secret))]
    return found


def in_secrets(objects: Sequence[Object], secret: str) -> bool:
    """Whether a Secret holds a text, so that it got where it should."""
    for each in objects:
        if each["kind"] == "Secret":
            plain = list((each.get("stringData") or {}).values())
            plain += [base64.b64decode(value).decode() for value in (each.get("data") or {}).values()]
            if any(secret in text for text in plain):
                return True
    return False


def forms(secret: str) -> list[str]:
    """A text, and what of it stays the same in base64 wherever it stands in a longer text."""
    found = [secret]
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        # The first and the last group depend on the neighbors
        found.append(encoded[_GROUP if shift else 0 : -_GROUP])
    return [form for form in found if len(form) > _GROUP]


def _texts(node: Any) -> Iterator[str]:
    """Every text in an object, keys too."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def _maps(values: Any, path: Sequence[str]) -> list[Any]:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return [values] if isinstance(values, dict) else []
