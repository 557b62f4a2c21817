"""The first record that a client of TLS sends, as far as it has to be known before a handshake begins."""

from __future__ import annotations

HEADER = 5
"""Type, version and length of a record, in bytes (RFC 8446 section 5.1)."""
_HANDSHAKE = 22
_MAJOR_VERSION = 3
_MAX_FRAGMENT = 16384


def size(first: bytes) -> int:
    """How long the record is that begins with `first`, with its header; 0 if none of a handshake does."""
    if len(first) < HEADER or first[0] != _HANDSHAKE or first[1] != _MAJOR_VERSION:
        return 0
    length = int.from_bytes(first[3:HEADER], "big")
    return HEADER + length if 0 < length <= _MAX_FRAGMENT else 0
