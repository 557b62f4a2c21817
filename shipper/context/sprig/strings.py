"""Text: cutting, wrapping, joining, replacing. Lengths and places count bytes of UTF-8, as in Go; no character is cut in two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.functions.layout import trimmed
from shipper.context.functions.text import GO_SPACE, utf8
from shipper.context.go.printing import text_of
from shipper.context.go.values import Map
from shipper.context.registry import Kept, check_items, check_size, function
from shipper.context.sprig.cases import WALKED
from shipper.context.sprig.coerce import to_texts
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.context.registry import Budget

_ELLIPSIS = "..."
_BLANK = 0x20


@function(('{{repl trim "  a " }}', "a"), table="further")
def trim(s: Kept) -> str:
    """`s` without white space at both ends."""
    return trimmed(s, GO_SPACE)


@function(('{{ trimAll("$5.00$", "$") }}', "5.00"), alias="trimall", subject="last", table="further")
def trimAll(s: str, cutset: str) -> str:
    """`s` without the characters of `cutset` at both ends."""
    return str.strip(s, cutset) if cutset else str.__str__(s)


@function(('{{ trimPrefix("v1.2", "v") }}', "1.2"), subject="last", table="further")
def trimPrefix(s: str, prefix: str) -> str:
    """`s` without `prefix` at its beginning."""
    return str.removeprefix(s, prefix)


@function(('{{ trimSuffix("web.yaml", ".yaml") }}', "web"), subject="last", table="further")
def trimSuffix(s: str, suffix: str) -> str:
    """`s` without `suffix` at its end."""
    return str.removesuffix(s, suffix)


@function(
    ('{{ trunc("hello world", 5) }}', "hello"),
    ('{{repl trunc -5 "hello world" }}', "world"),
    subject="last",
    table="further",
)
def trunc(s: str, length: int) -> str:
    """The first `length` bytes of `s`, or the last ones if it is negative."""
    size = _size(s)
    if length < 0:
        return _cut(s, size + length, size) if size + length > 0 else str.__str__(s)
    return _cut(s, 0, length) if size > length else str.__str__(s)


@function(
    ('{{ substr("hello world", 0, 5) }}', "hello"),
    ('{{repl substr 6 -1 "hello world" }}', "world"),
    subject="last",
    table="further",
)
def substr(s: str, start: int, end: int) -> str:
    """The bytes of `s` from `start` to before `end`; to its own end if `end` is negative or beyond it."""
    size = _size(s)
    if start < 0:
        start = 0
    elif end < 0 or end > size:
        end = size
    if not 0 <= start <= end <= size:
        raise TemplateError(f"no bytes from {start} to {end}: the text has {size:,}")
    return _cut(s, start, end)


@function(('{{ abbrev("hello world", 8) }}', "hello..."), subject="last", table="further")
def abbrev(s: str, width: int) -> str:
    """`s`, cut to `width` bytes with an ellipsis at its end if it is longer; nothing is done for less than 4."""
    if width < 4 or _size(s) <= width:
        return str.__str__(s)
    return _cut(s, 0, width - 3) + _ELLIPSIS


@function(('{{ abbrevboth("1234 5678 9123", 5, 10) }}', "...5678..."), subject="last", table="further")
def abbrevboth(s: str, left: int, right: int) -> str:
    """A part of `s` from about byte `left` on, of at most `right` bytes with an ellipsis at each side that was cut."""
    size = _size(s)
    if right < 4 or (left > 0 and right < 7) or size <= right:
        return str.__str__(s)
    left = min(left, size)
    left = min(left, size - (right - 3)) if size - left < right - 3 else left
    if left <= 4:
        return _cut(s, 0, right - 3) + _ELLIPSIS
    if left + right - 3 < size:
        return _ELLIPSIS + abbrev(_cut(s, left, size), right - 3)
    return _ELLIPSIS + _cut(s, size - (right - 3), size)


def _size(s: str) -> int:
    return len(s) if s.isascii() else len(utf8(s))


def _cut(s: str, start: int, end: int) -> str:
    """The bytes from `start` to `end` without the halves of characters at both ends."""
    if s.isascii():
        return str.__getitem__(s, slice(start, end))
    data = utf8(s)
    while start < len(data) and _is_further(data[start]):
        start += 1
    while start < end < len(data) and _is_further(data[end]):
        end -= 1
    return data[start:end].decode()


@function(('{{repl repeat 3 "ab" }}', "ababab"), subject="last", table="further")
def repeat(s: str, count: int) -> str:
    """`s`, `count` times."""
    if count < 0:
        raise TemplateError(f"count is negative: {count}")
    check_size(len(s) * count)
    return str.__mul__(s, count)


@function(('{{repl "I Am Henry" | replace " " "-" }}', "I-Am-Henry"), subject="last", table="further")
def replace(s: str, old: str, new: str) -> str:
    """`s` with each `old` replaced by `new`."""
    check_size(len(s) + str.count(s, old) * len(new))
    return str.replace(s, old, new)


@function(
    ('{{ "catch" | contains("cat") }}', "true"),
    ('{{repl contains "cat" "catch" }}', "true"),
    subject="last",
    table="further",
)
def contains(s: str, part: str) -> bool:
    """Whether `part` is somewhere in `s`."""
    return part in s


@function(('{{ hasPrefix("catch", "cat") }}', "true"), subject="last", table="further")
def hasPrefix(s: str, prefix: str) -> bool:
    """Whether `s` begins with `prefix`."""
    return str.startswith(s, prefix)


@function(('{{ hasSuffix("ducat", "cat") }}', "true"), subject="last", table="further")
def hasSuffix(s: str, suffix: str) -> bool:
    """Whether `s` ends with `suffix`."""
    return str.endswith(s, suffix)


@function(('{{ cat("a", 1, "b") }}', "a 1 b"), table="further")
def cat(*values: object) -> str:
    """All values but nil, as they print, with blanks between them."""
    texts = [text_of(value) for value in values if value is not None]
    check_size(sum(map(len, texts)) + len(texts))
    return " ".join(texts)


@function(
    ('{{ plural(3, "one char", "many chars") }}', "many chars"),
    ('{{repl len "a" | plural "one" "many" }}', "one"),
    subject="last",
    table="further",
)
def plural(count: int, one: str, many: str) -> str:
    """`one` if `count` is 1, otherwise `many`."""
    return str.__str__(one if count == 1 else many)


@function(
    ('{{ split("a/b", "/")._1 }}', "b"), ('{{repl ("a/b" | split "/")._0 }}', "a"), subject="last", table="further"
)
def split(s: str, sep: str) -> dict[str, object]:
    """The parts of `s` between `sep` as a map with the keys `_0`, `_1` and so on."""
    return _numbered(splitList(s, sep))


@function(('{{ splitn("a/b/c", "/", 2) | toJson }}', '{"_0":"a","_1":"b/c"}'), subject="last", table="further")
def splitn(s: str, sep: str, n: int) -> dict[str, object]:
    """As `split`, but into `n` parts at most; a negative `n` sets no limit."""
    if n < 0:
        return split(s, sep)
    if n == 0:
        return Map()
    if sep:
        check_items(min(str.count(s, sep) + 1, n))
        return _numbered(list(str.split(s, sep, n - 1)))
    check_items(min(len(s), n))
    text = str.__str__(s)
    return _numbered([*text[: n - 1], *([text[n - 1 :]] if len(text) >= n else [])])


def _numbered(parts: list[str]) -> dict[str, object]:
    return Map({f"_{index}": part for index, part in enumerate(parts)})


@function(('{{ splitList("a,b", ",") | toJson }}', '["a","b"]'), subject="last", table="further")
def splitList(s: str, sep: str) -> list[str]:
    """The parts of `s` between `sep`; its characters if `sep` is empty."""
    check_items(str.count(s, sep) + 1)
    return list(str.split(s, sep) if sep else str.__str__(s))


@function(('{{repl list 1 2 | join "-" }}', "1-2"), subject="last", table="further")
def join(items: object, sep: str) -> str:
    """The items of a list but nil, as they print, with `sep` between them. What is no list is its only item."""
    texts = to_texts(items)
    check_size(sum(map(len, texts)) + len(texts) * len(sep))
    return str.join(sep, texts)


@function(("{{ toStrings([1, true]) | toJson }}", '["1","true"]'), table="further")
def toStrings(items: object) -> list[str]:
    """The items of a list but nil, as they print. What is no list is its only item."""
    return to_texts(items)


@function(("{{ toString([1, 2]) }}", "[1 2]"), table="further")
def toString(value: object) -> str:
    """A value as it prints in Go: `[a b]`, `map[k:v]`, numbers without needless zeros."""
    return text_of(value)


@function(('{{ wrap("Hello World", 5) }}', "Hello\nWorld"), subject="last", table="further")
def wrap(budget: Budget, s: str, width: int) -> str:
    r"""`s` with a line break at a blank before `width` bytes, again and again; longer words stay whole."""
    return _wrapped(budget, s, width, "\n", cut=False)


@function(('{{ wrapWith("HelloWorld", 5, "|") }}', "Hello|World"), subject="last", table="further")
def wrapWith(budget: Budget, s: str, width: int, sep: str) -> str:
    r"""As `wrap`, with `sep` (`\n` if it is empty) for the line break; words longer than `width` bytes are cut."""
    return _wrapped(budget, s, width, sep or "\n", cut=True)


def _wrapped(budget: Budget, s: str, width: int, sep: str, *, cut: bool) -> str:
    """Lines as Masterminds/goutils breaks them: blanks that begin a line go, a blank at its end is the break."""
    data, mark = utf8(s), utf8(sep)
    budget.steps_for(len(data) >> WALKED)
    width = max(width, 1)
    lines: list[bytes] = []
    at, size = 0, 0
    while len(data) - at > width:
        if data[at] == _BLANK:
            at += 1
            continue
        stop = data.rfind(b" ", at, at + width + 1)
        if stop < 0 and not cut:
            stop = data.find(b" ", at + width)
            if stop < 0:
                break
        blank = stop >= 0
        if not blank:
            stop = _whole(data, at, at + width)
            if stop == len(data):
                break
        lines.append(data[at:stop])
        at = stop + blank
        size += len(lines[-1]) + len(mark)
        check_size(size)
    return mark.join([*lines, data[at:]]).decode()


def _whole(data: bytes, at: int, stop: int) -> int:
    """The end of a character at `stop` or before it; after it, if nothing would be left."""
    back = stop
    while _is_further(data[back]):
        back -= 1
    while back == at and stop < len(data) and _is_further(data[stop]):
        stop += 1
    return back if back > at else stop


def _is_further(byte: int) -> bool:
    """Whether a character of UTF-8 goes on with `byte`."""
    return byte & 0xC0 == 0x80
