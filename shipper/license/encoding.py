"""Strict standard base64 (RFC 4648 §4): exactly one text for any bytes."""

from __future__ import annotations

import binascii


def encode(data: bytes) -> str:
    """Standard base64 with padding, in one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode(text: str) -> bytes | None:
    """The bytes that `text` encodes, or None where it is not exactly what `encode` writes.

    Decoders in common use skip foreign characters and ignore the unused bits before the padding; encoding
    again and comparing refuses both.
    """
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        return None
    return data if encode(data) == text else None
