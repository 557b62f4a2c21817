"""Sprig's checksums. They are no way to keep a password; `sha256sum` is in the core."""

from __future__ import annotations

from shipper.context.functions.text import utf8
from shipper.context.registry import function


@function(
    ('{{ sha1sum("hello") }}', "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
    ('{{repl "hello" | sha1sum }}', "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
    table="further",
)
def sha1sum(s: str) -> str:
    """The SHA-1 of the UTF-8 bytes of `s`, in hex. It protects nothing: texts with the same one can be made."""
    import hashlib

    return hashlib.sha1(utf8(s), usedforsecurity=False).hexdigest()


@function(
    ('{{ sha512sum("hello") | trunc(16) }}', "9b71d224bd62f378"),
    ('{{repl sha512sum "hello" | trunc 16 }}', "9b71d224bd62f378"),
    table="further",
)
def sha512sum(s: str) -> str:
    """The SHA-512 of the UTF-8 bytes of `s`, in hex."""
    import hashlib

    return hashlib.sha512(utf8(s)).hexdigest()


@function(('{{ adler32sum("hello") }}', "103547413"), ('{{repl "hello" | adler32sum }}', "103547413"), table="further")
def adler32sum(s: str) -> str:
    """The Adler-32 of the UTF-8 bytes of `s`, as a decimal number (RFC 1950)."""
    import zlib

    return str(zlib.adler32(utf8(s)))
