"""jinja2's filters of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shipper.context.functions.data import WRITTEN
from shipper.context.functions.layout import indent as indent_layout
from shipper.context.functions.layout import trimmed
from shipper.context.values import YamlText
from shipper.errors import LimitError, TemplateError
from shipper.template.filters.base import characters, integer, jinja_filter
from shipper.template.limits import text_size
from shipper.template.runtime import kind

if TYPE_CHECKING:
    from shipper.template.calls import Call

_WORD_BEGINNING = re.compile(r"([-\s({\[<]+)")
_WORD = re.compile(r"\w+")
_LEEWAY = 5
_MAX_JSON_INDENT = 16


def _text(call: Call, value: object) -> str:
    """What `value` prints as, charged as if it were made anew."""
    text = call.text(value)
    call.budget.bytes_for(text_size(text))
    return text


@jinja_filter("string", examples=(("{{ (8080 | string) ~ '/tcp' }}", "8080/tcp"),))
def string(call: Call, value: object) -> str:
    """The text that a value prints as. Text with a declared type is plain text then."""
    return call.text(value)


@jinja_filter("upper", examples=(('{{ "acme" | upper }}', "ACME"),))
def upper(call: Call, value: object) -> str:
    """Text in upper case."""
    return _text(call, value).upper()


@jinja_filter("lower", examples=(('{{ "ACME" | lower }}', "acme"),))
def lower(call: Call, value: object) -> str:
    """Text in lower case."""
    return _text(call, value).lower()


@jinja_filter("capitalize", examples=(('{{ "aCME corp" | capitalize }}', "Acme corp"),))
def capitalize(call: Call, value: object) -> str:
    """Text with its first character in upper case, the rest in lower case."""
    return _text(call, value).capitalize()


@jinja_filter("title", examples=(('{{ "acme corp" | title }}', "Acme Corp"),))
def title(call: Call, value: object) -> str:
    """Text with each word in title case."""
    text = _text(call, value)
    call.budget.texts_for(2 * sum(1 for _ in _WORD_BEGINNING.finditer(text)))
    parts = _WORD_BEGINNING.split(text)
    return "".join(part[0].upper() + part[1:].lower() for part in parts if part)


@jinja_filter("trim", examples=(('{{ "  a  " | trim }}', "a"), ('{{ "xxa" | trim("x") }}', "a")))
def trim(call: Call, value: object, chars: str | None = None) -> str:
    """Text without white space (or `chars`) at both ends; it stays of its kind."""
    if chars is not None:
        characters(chars, '"chars"')
    text = value if isinstance(value, str) else call.text(value)
    call.budget.bytes_for(text_size(text))
    return trimmed(text, chars)


@jinja_filter("indent", examples=(("{{ 'a\\nb' | indent(2) }}", "a\n  b"),))
def indent(call: Call, value: object, width: int | str = 4, first: object = False, blank: object = False) -> str:  # noqa: FBT002
    """Text with `width` spaces before each line but the first, and not before empty lines.

    `first` and `blank` include those. The spaces are layout: in a block scalar they are no part of the value. A
    `width` that is text is put before the lines as it is.
    """
    characters(value)
    text: str = value  # type: ignore[assignment]
    lines = str.count(text, "\n") + 1
    call.budget.steps_for(lines >> 3)
    if isinstance(width, str) and width.strip(" "):
        call.budget.bytes_for(text_size(text) + lines * text_size(width))
        return _prefixed(str.__str__(text), str.__str__(width), call.truth(first), call.truth(blank))
    spaces = len(width) if isinstance(width, str) else integer("width", width)
    call.budget.bytes_for(text_size(text) + lines * max(0, spaces))
    return indent_layout(text, max(0, spaces), call.truth(first), call.truth(blank))


def _prefixed(text: str, prefix: str, first: bool, blank: bool) -> str:  # noqa: FBT001
    begin, *rest = text.split("\n")
    lines = [prefix + begin if first else begin, *(prefix + line if line or blank else line for line in rest)]
    return "\n".join(lines)


@jinja_filter("center", examples=(("{{ ('a' | center(5)) ~ '|' }}", "  a  |"),))
def center(call: Call, value: object, width: int = 80) -> str:
    """Text in the middle of a field of `width` characters."""
    call.budget.bytes_for(4 * max(0, integer("width", width)))
    return _text(call, value).center(width)


@jinja_filter("replace", examples=(('{{ "a.b.c" | replace(".", "-", 1) }}', "a-b.c"),))
def replace(call: Call, s: object, old: object, new: object, count: int | None = None) -> str:
    """Text with `old` replaced by `new`, everywhere or the first `count` times."""
    text, before, after = call.text(s), call.text(old), call.text(new)
    limit = -1 if count is None else integer("count", count)
    found = text.count(before)
    found = min(found, limit) if limit >= 0 else found
    call.budget.bytes_for(text_size(text) + found * text_size(after))
    return text.replace(before, after, limit)


@jinja_filter("truncate", examples=(('{{ "one two three four" | truncate(12) }}', "one two..."),))
def truncate(
    call: Call,
    s: object,
    length: int = 255,
    killwords: object = False,  # noqa: FBT002
    end: str = "...",
    leeway: int | None = None,
) -> str:
    """Text cut to `length` characters at a word (or anywhere if `killwords`), with `end` if it was cut.

    Text that is at most `leeway` (5) longer stays whole.
    """
    text, ellipsis = characters(s), characters(end, '"end"')
    tolerance = _LEEWAY if leeway is None else integer("leeway", leeway)
    if integer("length", length) < len(ellipsis):
        raise TemplateError(f'"length" must be {len(ellipsis)} at least, the length of "end"')
    if tolerance < 0:
        raise TemplateError('"leeway" must be 0 at least')
    if len(text) <= length + tolerance:
        return text
    call.budget.bytes_for(text_size(text))
    kept = text[: length - len(ellipsis)]
    return (kept if call.truth(killwords) else kept.rsplit(" ", 1)[0]) + ellipsis


@jinja_filter("wordwrap", examples=(('{{ "one two three" | wordwrap(8) }}', "one two\nthree"),))
def wordwrap(
    call: Call,
    s: object,
    width: int = 79,
    break_long_words: object = True,  # noqa: FBT002
    wrapstring: str | None = None,
    break_on_hyphens: object = True,  # noqa: FBT002
) -> str:
    """Text in lines of `width` characters; its own line breaks stay."""
    import textwrap

    text = characters(s)
    separator = "\n" if wrapstring is None else characters(wrapstring, '"wrapstring"')
    if integer("width", width) < 1:
        raise TemplateError('"width" must be 1 at least')
    # A word that is cut is copied once for each cut
    call.budget.texts_for(2 * sum(1 for _ in _WORD_BEGINNING.finditer(text)))
    longest = max((len(word) for word in text.split()), default=0)
    call.budget.steps_for((len(text) >> 4) + (longest * longest // width >> 10))
    call.budget.bytes_for(text_size(text) + len(text) // min(width, 16) * text_size(separator))
    lines = [
        separator.join(
            textwrap.wrap(
                line,
                width=width,
                expand_tabs=False,
                replace_whitespace=False,
                break_long_words=call.truth(break_long_words),
                break_on_hyphens=call.truth(break_on_hyphens),
            )
        )
        for line in text.splitlines()
    ]
    return separator.join(lines)


@jinja_filter("wordcount", examples=(('{{ "one two" | wordcount }}', "2"),))
def wordcount(call: Call, s: object) -> int:
    """How many words text has."""
    return sum(1 for _ in _WORD.finditer(_text(call, s)))


@jinja_filter("format", examples=(('{{ "%s-%03d" | format("node", 7) }}', "node-007"),))
def format_(call: Call, value: object, *args: object, **kwargs: object) -> str:
    """A printf-style format (`%s`, `%d`, `%05.1f`, `%(name)s`) with scalars put in."""
    from shipper.template.filters.percent import format_percent

    if args and kwargs:
        raise TemplateError("format: give the values either in order or by name, not both")
    return format_percent(call, characters(value, "the format"), kwargs or args)


@jinja_filter(
    "urlencode", examples=(('{{ "a b/c" | urlencode }}', "a%20b/c"), ('{{ {"q": "a b"} | urlencode }}', "q=a+b"))
)
def urlencode(call: Call, value: object) -> str:
    """Text escaped for the path of a URL; a map or a list of pairs as a query."""
    from jinja2.utils import url_quote

    def quoted(part: object, *, query: bool) -> str:
        text = call.text(part)
        call.budget.bytes_for(3 * text_size(text))
        return url_quote(text, for_qs=query)

    if not isinstance(value, (dict, list, tuple)):
        return quoted(value, query=False)
    pairs: list[Any] = list(value.items()) if isinstance(value, dict) else call.items(value)
    if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
        raise TemplateError("urlencode: a list must hold pairs of a name and a value")
    call.budget.items_for(len(pairs))
    return "&".join(f"{quoted(key, query=True)}={quoted(item, query=True)}" for key, item in pairs)


@jinja_filter("tojson", examples=(('{{ {"b": 1, "a": "<"} | tojson }}', '{"a": "\\u003c", "b": 1}'),))
def tojson(call: Call, value: object, indent: int | None = None) -> str:
    """A value as JSON with sorted keys that is also safe in HTML; `toJson` keeps the order."""
    import json

    from shipper.context.serialize import MAX_DEPTH, to_json

    if indent is not None and not 0 <= integer("indent", indent) <= _MAX_JSON_INDENT:
        raise TemplateError(f'"indent" must be 0 to {_MAX_JSON_INDENT}')
    call.budget.weigh(value)
    plain = to_json(value)  # checks kinds, depth and size
    call.budget.steps_for(len(plain) >> WRITTEN)
    call.budget.bytes_for(6 * text_size(plain) + (0 if indent is None else plain.count(",") * indent * MAX_DEPTH))
    try:
        text = json.dumps(
            json.loads(plain) if isinstance(value, (dict, list, tuple, range)) else value, sort_keys=True, indent=indent
        )
    except (TypeError, RecursionError):
        raise LimitError(f"{kind(value)} is nested too deeply") from None
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return YamlText(text)
