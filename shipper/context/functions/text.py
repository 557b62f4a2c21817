"""Text: encodings, cutting, case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.registry import check_items, check_size, function
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.context.facts import Facts

# What Go's strings.TrimSpace takes: Unicode's White_Space, which Python's strip() exceeds by \x1c-\x1f
GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


@function(('{{ Base64Encode("hello") }}', "aGVsbG8="), ('{{ "hello" | Base64Encode }}', "aGVsbG8="))
def Base64Encode(s: str) -> str:
    """The UTF-8 bytes of `s` in standard base64."""
    import binascii

    return binascii.b2a_base64(utf8(s), newline=False).decode("ascii")


@function(('{{ Base64Decode("aGVsbG8=") }}', "hello"))
def Base64Decode(facts: Facts, s: str) -> str:
    """The text that `s` holds in standard base64; line breaks are skipped, anything else is an error."""
    return decode_base64(s, "the text", lenient=facts.missing == "empty")


def decode_base64(text: str, what: str, *, lenient: bool = False) -> str:
    """UTF-8 text from padded standard base64. Raises TemplateError, which calls the input `what`.

    If `lenient`, what is no base64 is an empty text, as in Ship. Bytes that are no text are an error always.
    """
    try:
        data = from_base64(text.encode("ascii"))
    except ValueError:
        if lenient:
            return ""
        raise TemplateError(f"{what} is no standard base64") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise TemplateError(f"{what} holds bytes that are no UTF-8 text") from None


def from_base64(data: bytes) -> bytes:
    """The bytes that `data` holds in padded standard base64, with or without line breaks. Raises ValueError."""
    import binascii

    data = data.translate(None, b"\r\n")
    if len(data) % 4 or 0 <= data.find(b"=") < len(data) - 2:
        raise ValueError("padding after a whole group, which Python passes over")
    return binascii.a2b_base64(data, strict_mode=True)


def utf8(text: str) -> bytes:
    """The bytes of `text`. Raises TemplateError for a lone surrogate."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise TemplateError("the text holds half a character (a lone surrogate)") from None


@function(('{{ UrlEncode("a b&c/d") }}', "a+b%26c%2Fd"))
def UrlEncode(s: str) -> str:
    """`s` escaped for the query of a URL; a blank becomes `+`."""
    from urllib.parse import quote_plus

    check_size(3 * len(s))
    return quote_plus(utf8(s), safe="")


@function(('{{ sha256sum("hello") }}', "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"))
def sha256sum(s: str) -> str:
    """The SHA-256 of the UTF-8 bytes of `s`, in hex."""
    import hashlib

    return hashlib.sha256(utf8(s)).hexdigest()


@function(('{{ Split("a,b", ",") | toJson }}', '["a","b"]'), ('{{ Split("a/b/c", "/")[1] }}', "b"))
def Split(s: str, sep: str) -> list[str]:
    """The parts of `s` between `sep`; the characters of `s` if `sep` is empty."""
    check_items(s.count(sep) + 1)
    return str.split(s, sep) if sep else [str(character) for character in s]


@function(('{{ Trim("  a ") }}', "a"), ('{{ Trim("xxaxx", "x") }}', "a"))
def Trim(s: str, cutset: str = GO_SPACE) -> str:
    """`s` without the characters of `cutset` (or white space) at both ends."""
    return str.strip(s, cutset) if cutset else str(s)


@function(('{{ ToLower("ACME") }}', "acme"))
def ToLower(s: str) -> str:
    """`s` in lower case, character by character as in Go."""
    if s.isascii():
        return str.lower(s)
    from shipper.context.sprig.cases import go_lower

    return go_lower(s)


@function(('{{ ToUpper("acme") }}', "ACME"))
def ToUpper(s: str) -> str:
    """`s` in upper case, character by character as in Go: "ß" stays."""
    if s.isascii():
        return str.upper(s)
    from shipper.context.sprig.cases import go_upper

    return go_upper(s)
