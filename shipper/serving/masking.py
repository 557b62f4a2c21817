"""Secrets are replaced wherever they occur in a text: those that were registered, as they are or encoded; named keys too.

Named keys are known by their hash only, and so by their form: one may stand where a client should not have put it.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from shipper.errors import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 4
"""Shorter secrets are found in every other word: replacing them would hide the log, and show the secret by the gaps."""
_LINE = 16
"""A line of a secret of several lines (a private key) is a secret too if it has this many characters."""
_NAMED_KEY = r"shp[aor]_[0-9A-Za-z]{33}"
"""What `shipper.server.keys` makes."""


class Masker:
    """The secrets of a process. Threads may share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._pattern = re.compile(_NAMED_KEY)

    def hide(self, secret: str) -> bool:
        """Replace `secret` from now on. False if it is too short for that (fewer than 4 characters)."""
        if len(secret) < SHORTEST:
            return False
        parts = [secret, secret.strip(), *(line for line in secret.splitlines() if len(line) >= _LINE)]
        with self._lock:
            self._forms.update(form for part in parts for form in _forms(part) if len(form) >= SHORTEST)
            # The longest first: a secret may be a part of another
            ordered = sorted(self._forms, key=lambda form: (-len(form), form))
            self._pattern = re.compile("|".join([*map(re.escape, ordered), _NAMED_KEY]))
        return True

    def mask(self, text: str) -> str:
        """`text` without secrets."""
        return self._pattern.sub(MASK, text)


def _forms(secret: str) -> Iterator[str]:
    """`secret` as it is, and as URLs, JSON, Python and base64 write it."""
    yield secret
    for safe in ("", "/"):
        quoted = quote(secret, safe=safe, errors="surrogatepass")
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    yield quote_plus(secret, errors="surrogatepass")
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    raw = secret.encode("utf-8", "surrogatepass")
    for written in (repr(secret), ascii(secret), repr(raw)[1:]):
        yield written[1:-1]
    yield raw.hex()
    for encoded in _base64(raw):
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


def _base64(raw: bytes) -> Iterator[str]:
    """What base64 makes of `raw` wherever it stands in a longer text: behind 0, 1 or 2 bytes of a group of three.

    The first and last characters that hold bits of its neighbors are left out.
    """
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode("ascii").rstrip("=")
        whole = (before + len(raw)) % 3 == 0
        yield encoded[(0, 2, 3)[before] : None if whole else -1]
