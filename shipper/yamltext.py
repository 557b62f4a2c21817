"""Which text is safe as a plain YAML scalar, and how the rest is quoted.

Kubernetes reads YAML with go-yaml, Python tools read YAML 1.1, others 1.2. Text counts as plain here only if
none of them takes it for something else; everything else is double-quoted, which all of them read alike.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Words and numbers that a resolver of YAML 1.1 (PyYAML), YAML 1.2 (core schema) or go-yaml takes for a value
# that is no string. Sources: yaml.org/type, YAML 1.2.2 §10.3.2, go-yaml's resolve.go.
_WORDS = frozenset(
    spelling
    for word in ("true", "false", "yes", "no", "on", "off", "y", "n", "null")
    for spelling in (word, word.capitalize(), word.upper())
) | {"", "~", "=", "<<"}
_NUMBER = re.compile(
    r"""[-+]?(?:
        0[xX][0-9a-fA-F_]+ | 0[bB][01_]+ | 0[oO][0-7_]+
      | [0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?
      | \.[0-9][0-9_]*(?:[eE][-+]?[0-9_]+)?
      | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
      | \.(?:inf|Inf|INF)
      ) | \.(?:nan|NaN|NAN)""",
    re.VERBOSE,
)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?", re.DOTALL)

_SAFE = re.compile(r"[A-Za-z_./][A-Za-z0-9_./:@-]*")

# What Go's strconv.Quote escapes: everything that is not printable. The ranges are written out because
# Python's own tables change with its version and the output must not. Code points that Unicode has not
# assigned are left as they are.
_UNPRINTABLE = (
    "\x00-\x1f\x7f-\xa0\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\ud800-\uf8ff\ufeff\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U0010ffff"
    + "".join(chr(plane << 16 | low) for plane in range(1, 14) for low in (0xFFFE, 0xFFFF))
)


@cache
def _unprintable() -> re.Pattern[str]:
    """One unprintable character. Compiled when first needed: it takes 2 ms of a cold run."""
    return re.compile(f"[{_UNPRINTABLE}]")


_SHORT_YAML = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"
}  # fmt: skip
_SHORT_JSON = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def reads_as_string(plain: str) -> bool:
    """Whether a plain scalar of these characters is a string for every reader."""
    return not (plain in _WORDS or _NUMBER.fullmatch(plain) or _TIMESTAMP.fullmatch(plain))


def is_plain_string(text: str) -> bool:
    """Whether `text` may stand unquoted anywhere in a block or flow collection and stay the same string."""
    return _SAFE.fullmatch(text) is not None and text[-1] != ":" and text != "..." and reads_as_string(text)


def quote_yaml(text: str) -> str:
    r"""`text` in double quotes by the rules of Go's %q (strconv.Quote): \n, \xNN, \uNNNN, \UNNNNNNNN."""
    return f'"{text if is_simple(text) else text.translate(_YAML_ESCAPES)}"'


def quote_json(text: str) -> str:
    """`text` as a JSON string (RFC 8259) that YAML reads alike."""
    return f'"{text if is_simple(text) else text.translate(_JSON_ESCAPES)}"'


def is_simple(text: str) -> bool:
    """Printable ASCII with nothing to escape: most text, and quickly told."""
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text


def one_line(text: str) -> str:
    """`text` with everything that could end a line or hide on it escaped, for a comment or a message."""
    return _unprintable().sub(lambda match: _escape_yaml(match.group()), text)


class Table(dict[int, str]):
    """What `escape` makes of each character, found when it is first met, for `str.translate`: far faster than a pattern."""

    def __init__(self, escape: Callable[[str], str]) -> None:
        super().__init__()
        self.escape = escape

    def __missing__(self, code: int) -> str:
        written = self.escape(chr(code))
        if code < 0x10000:
            self[code] = written
        return written


def _is_escaped(character: str) -> bool:
    return character in '"\\' or _unprintable().match(character) is not None


def _escape_yaml(character: str) -> str:
    short = _SHORT_YAML.get(character)
    if short:
        return short
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_json(character: str) -> str:
    short = _SHORT_JSON.get(character)
    if short:
        return short
    # Beyond the basic plane JSON has only surrogate pairs, which readers of YAML refuse.
    return character if ord(character) > 0xFFFF else f"\\u{ord(character):04x}"


_YAML_ESCAPES = Table(lambda character: _escape_yaml(character) if _is_escaped(character) else character)
_JSON_ESCAPES = Table(lambda character: _escape_json(character) if _is_escaped(character) else character)
