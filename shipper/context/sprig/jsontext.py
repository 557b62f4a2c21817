"""Values as JSON, and back, as Go's encoding/json does it: keys in order, `<`, `>` and `&` escaped, numbers without needless zeros.

What YAML can't hold as it is, is escaped too: the text is the same to every reader of JSON.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shipper.context.go.floats import format_float
from shipper.context.go.printing import in_order, text_of
from shipper.context.go.times import format_time
from shipper.context.go.values import Map
from shipper.context.registry import function
from shipper.context.serialize import Writer, leaf
from shipper.context.values import YamlText
from shipper.errors import LimitError, TemplateError
from shipper.yamltext import quote_json

if TYPE_CHECKING:
    from shipper.context.facts import Facts

WRITTEN = 3  # a value a step
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_DEEPEST = 64
_EXACT = 2.0**53
"""Below it each whole number is a floating-point number."""
_RFC3339 = "2006-01-02T15:04:05.999999999Z07:00"


@function(('{{ mustToJson({"b": 1, "a": "&"}) }}', '{"a":"\\u0026","b":1}'), table="further", shift=WRITTEN)
def mustToJson(value: object) -> str:
    r"""As `toJson` in repl: compact JSON, keys in order, with `\u003c`, `\u003e` and `\u0026` for `<`, `>` and `&`."""
    return json_text(value)


@function(('{{ toRawJson({"a": "<b>"}) }}', '{"a":"<b>"}'), alias="mustToRawJson", table="further", shift=WRITTEN)
def toRawJson(value: object) -> str:
    """A value as compact JSON, keys in order, with `<`, `>` and `&` as they are."""
    return json_text(value, html=False)


@function(
    ('{{ toPrettyJson({"a": [1]}) }}', '{\n  "a": [\n    1\n  ]\n}'),
    alias="mustToPrettyJson",
    table="further",
    shift=WRITTEN,
)
def toPrettyJson(value: object) -> str:
    """A value as JSON over several lines, indented by two blanks, keys in order."""
    return json_text(value, pretty=True)


def json_text(value: object, *, html: bool = True, pretty: bool = False) -> str:
    """`value` as a JSON node. Raises TemplateError, LimitError."""
    writer = Writer()
    _write(writer, value, 0, html=html, pretty=pretty)
    return YamlText(writer.text())


def _write(writer: Writer, value: object, depth: int, *, html: bool, pretty: bool) -> None:
    writer.count(value, depth)
    if isinstance(value, dict):
        brackets, pairs = "{}", in_order(value)
    elif isinstance(value, (list, tuple, range)):
        brackets, pairs = "[]", [(None, item) for item in value]
    else:
        writer.put(_scalar(value, html=html))
        return
    inner, outer = (f"\n{'  ' * (depth + 1)}", f"\n{'  ' * depth}") if pretty and pairs else ("", "")
    writer.put(brackets[0])
    for index, (key, item) in enumerate(pairs):
        writer.put(f"{',' if index else ''}{inner}")
        if key is not None:
            writer.put(f"{_text(text_of(key), html=html)}:{' ' if pretty else ''}")
        _write(writer, item, depth + 1, html=html, pretty=pretty)
    writer.put(outer + brackets[1])


def _scalar(value: object, *, html: bool) -> str:
    if isinstance(value, str):
        return _text(value, html=html)
    if isinstance(value, datetime):
        return _text(format_time(value, _RFC3339), html=html)
    if isinstance(value, float):
        leaf(value)  # refuses what JSON has no number for
        return _number(value)
    return leaf(value)


def _text(text: str, *, html: bool) -> str:
    quoted = quote_json(text)
    if html:
        for character, escaped in _HTML.items():
            quoted = quoted.replace(character, escaped)
    return quoted


def _number(value: float) -> str:
    """As encoding/json: an exponent only below 1e-6 and from 1e21 on, without zeros before it."""
    if value and not 1e-6 <= abs(value) < 1e21:
        mantissa, _, exponent = format_float(value, "e").partition("e")
        return f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}" if exponent[0] == "-" else f"{mantissa}e{exponent}"
    return format_float(value, "f")


def yaml_data(value: object, depth: int = 0) -> object:
    """The value with keys in order and whole numbers as integers, as Go's writers of YAML see it."""
    if depth > _DEEPEST:
        raise LimitError(f"lists and maps are nested deeper than {_DEEPEST}")
    if isinstance(value, dict):
        return {text_of(key): yaml_data(item, depth + 1) for key, item in in_order(value)}
    if isinstance(value, (list, tuple, range)):
        return [yaml_data(item, depth + 1) for item in value]
    if isinstance(value, datetime):
        return format_time(value, _RFC3339)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


@function(("{{ fromJson('{\"a\": [1, 2]}').a[1] }}", "2"), table="further")
def fromJson(facts: Facts, s: str) -> object:
    """The value that `s` writes as JSON. Keys that stand twice are an error."""
    return read_json(s, lenient=facts.missing == "empty")


@function(('{{ mustFromJson("[1]")[0] }}', "1"), table="further")
def mustFromJson(s: str) -> object:
    """As `fromJson`; `--missing empty` changes nothing."""
    return read_json(s, lenient=False)


def read_json(s: str, *, lenient: bool, floats: bool = False) -> object:
    """The value that `s` writes; nil for what is no JSON if `lenient`. All numbers are `floats` in Go.

    Raises TemplateError, LimitError.
    """
    from shipper.yamlio import Limits, load_json

    limits = Limits(max_bytes=1 << 20, max_nodes=100_000)
    try:
        found = load_json(str.__str__(s), "the text", error=TemplateError, limits=limits, secret=True)
        return _owned(found, floats=floats)
    except TemplateError as error:
        if lenient:
            return None
        raise TemplateError(
            error.message if error.message.startswith("no valid JSON") else f"no valid JSON: {error.message}"
        ) from None


def _owned(value: object, *, floats: bool) -> object:
    """The value with maps that the template may change. Its depth is bounded by the reader's limits."""
    if isinstance(value, dict):
        return Map({key: _owned(item, floats=floats) for key, item in value.items()})
    if isinstance(value, list):
        return [_owned(item, floats=floats) for item in value]
    if floats and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise TemplateError("a number is too large") from None
    return value
