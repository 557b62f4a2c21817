"""What has a name of the core, or of jinja2, and another meaning in repl: Sprig's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.functions.layout import MAX_WIDTH, indented, pieces_of
from shipper.context.go.printing import text_of
from shipper.context.registry import Kept, check_size, function
from shipper.context.serialize import to_yaml
from shipper.context.sprig.jsontext import WRITTEN, json_text, read_json, yaml_data
from shipper.context.values import UNKNOWN, Author, Fragment, YamlText
from shipper.errors import TemplateError
from shipper.yamltext import one_line, quote_yaml

if TYPE_CHECKING:
    from shipper.context.facts import Facts


@function(
    ('{{repl quote "a \\"b\\"" }}', '"a \\"b\\""'), ("{{repl quote 80 nil 1.5 }}", '"80" "1.5"'), table="repl", shift=6
)
def quote(*values: object) -> str:
    """Each value but nil as it prints, in double quotes with Go's escapes; with blanks between them."""
    texts = [quote_yaml(text_of(value)) for value in values if value is not None]
    return _joined(texts, whole=True)


@function(('{{repl squote "a" 1 }}', "'a' '1'"), table="repl")
def squote(*values: object) -> str:
    """Each value but nil as it prints, in single quotes and as it is; with blanks between them."""
    texts = [text_of(value) for value in values if value is not None]
    whole = all("'" not in text and one_line(text) == text for text in texts)
    return _joined([f"'{text}'" for text in texts], whole=whole)


def _joined(texts: list[str], *, whole: bool) -> str:
    """One text is a YAML node, if it is `whole`; several with blanks between them are none."""
    check_size(sum(map(len, texts)) + len(texts))
    text = " ".join(texts)
    return YamlText(text) if whole and len(texts) == 1 else text


@function(('{{repl "a\\nb" | indent 2 }}', "  a\n  b"), subject="last", table="repl")
def indent(s: Kept, width: int) -> str:
    """`s` with `width` blanks before each line, the empty ones too."""
    _check(s, width)
    return Fragment((Author(" " * width, UNKNOWN), *indented(pieces_of(s), width, blank=True))) if width else s


@function(('a:{{repl "b: 1" | nindent 2 }}', "a:\n  b: 1"), subject="last", table="repl")
def nindent(s: Kept, width: int) -> str:
    """A line break, then `s` with `width` blanks before each line, the empty ones too."""
    _check(s, width)
    return Fragment((Author("\n" + " " * width, UNKNOWN), *indented(pieces_of(s), width, blank=True)))


def _check(s: str, width: int) -> None:
    if not 0 <= width <= MAX_WIDTH:
        raise TemplateError(f"width must be 0 to {MAX_WIDTH}")
    check_size(len(s) + (s.count("\n") + 1) * width)


@function(
    ('{{repl toJson (dict "b" "<a>" "a" (list 1 nil)) }}', '{"a":[1,null],"b":"\\u003ca\\u003e"}'),
    table="repl",
    shift=WRITTEN,
)
def toJson(value: object) -> str:
    r"""A value as compact JSON, keys in order, with `\u003c`, `\u003e` and `\u0026` for `<`, `>` and `&`."""
    return json_text(value)


@function(('{{repl toYaml (dict "b" 1.0 "a" "yes") }}', 'a: "yes"\nb: 1'), table="repl", shift=WRITTEN)
def toYaml(value: object) -> str:
    """A value as block YAML, keys in order, without a final line break."""
    return YamlText(to_yaml(yaml_data(value)))


@function(('{{repl (fromJson `{"a": 1}`).a }}', "1"), table="repl")
def fromJson(facts: Facts, s: str) -> object:
    """The value that `s` writes as JSON; its numbers are floating-point numbers. Keys that stand twice are an error."""
    return read_json(s, lenient=facts.missing == "empty", floats=True)


@function(("{{repl mustFromJson `[1, true]` }}", "[1 true]"), table="repl")
def mustFromJson(s: str) -> object:
    """As `fromJson`; `--missing empty` changes nothing."""
    return read_json(s, lenient=False, floats=True)
