"""Values in YAML: each comes out as itself, in every place an author may put one, for every reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.values import Author, Fragment, Printed, Source, TypedText, YamlText, indent_lines
from shipper.errors import LimitError, TemplateError
from shipper.template.escape import escape_yaml
from tests.corpora import corpus
from tests.tools import kubectl_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from shipper.context.values import Piece

SOURCE = Source(None, 0)
HEADER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def author(text: str) -> Author:
    return Author(text, SOURCE)


def value(given: object, *, indent: int = 0, text: str | None = None) -> Printed:
    shown = text if text is not None else str(given).lower() if isinstance(given, bool) else str(given)
    return Printed(given, shown, SOURCE, indent)


def pieces(template: str, *values: Printed) -> list[Piece]:
    """`template` with an @ for each of `values`."""
    parts = template.split("@")
    result: list[Piece] = [author(parts[0])]
    for one, part in zip(values, parts[1:], strict=True):
        result += [one, author(part)]
    return result


def escaped(template: str, *values: object, json_file: bool = False) -> str:
    given = [one if isinstance(one, Printed) else value(one) for one in values]
    return escape_yaml(pieces(template, *given), json_file=json_file)


class Context(NamedTuple):
    """A place for a value: a template, how to find the scalar in the document, what it must be."""

    template: str
    find: Callable[[Any], Any]
    expected: str = "@"
    indent: int = 0


CONTEXTS = {
    "plain": Context("k: @\n", lambda doc: doc["k"]),
    "double-quoted": Context('k: "@"\n', lambda doc: doc["k"]),
    "single-quoted": Context("k: '@'\n", lambda doc: doc["k"]),
    "in double-quoted text": Context('k: "a @ b"\n', lambda doc: doc["k"], "a @ b"),
    "in single-quoted text": Context("k: 'a @ b'\n", lambda doc: doc["k"], "a @ b"),
    "in plain text": Context("k: a @ b\n", lambda doc: doc["k"], "a @ b"),
    "at the start of plain text": Context("k: @-b\n", lambda doc: doc["k"], "@-b"),
    "at the end of plain text": Context("k: a-@\n", lambda doc: doc["k"], "a-@"),
    "twice in one scalar": Context("k: x@-@\n", lambda doc: doc["k"], "x@-@"),
    "comment": Context("k: x # @\nz: 1\n", lambda doc: (doc["k"], doc["z"]), "comment"),
    "comment of a block header": Context("k: | # @\n  x\n", lambda doc: doc["k"], "x\n"),
    "key": Context("k:\n  @: v\n", lambda doc: next(iter(doc["k"]))),
    "quoted key": Context("k:\n  '@': v\n  zz: 1\n", lambda doc: next(key for key in doc["k"] if key != "zz")),
    "explicit key": Context("k:\n  ? @\n  : v\n", lambda doc: next(iter(doc["k"]))),
    "key in a list": Context("k:\n- @: 1\n  zz: 2\n", lambda doc: next(key for key in doc["k"][0] if key != "zz")),
    "key in a flow": Context("k: {@: 1}\n", lambda doc: next(iter(doc["k"]))),
    "literal": Context("k: |\n  @\nz: 1\n", lambda doc: doc["k"], "@\n"),
    "literal stripped": Context("k: |-\n  @\nz: 1\n", lambda doc: doc["k"]),
    "literal kept": Context("k: |+\n  @\n", lambda doc: doc["k"], "@\n"),
    "literal with a given indent": Context("k: |2-\n    @\nz: 1\n", lambda doc: doc["k"], "  @"),
    "literal, indented": Context("k: |\n    @\nz: 1\n", lambda doc: doc["k"], "@\n", 4),
    "literal, in text": Context("k: |-\n  a\n  b @ c\nz: 1\n", lambda doc: doc["k"], "a\nb @ c"),
    "folded": Context("k: >\n  @\nz: 1\n", lambda doc: doc["k"], "@\n"),
    "folded stripped": Context("k: >-\n  @\nz: 1", lambda doc: doc["k"]),
    "flow mapping": Context("k: {a: @, b: c}\n", lambda doc: doc["k"]["a"]),
    "flow list": Context("k: [x, @, 'y']\n", lambda doc: doc["k"][1]),
    "flow text": Context("k: [x, a@b, 'y']\n", lambda doc: doc["k"][1], "a@b"),
    "list item": Context("k:\n- @\n- y\n", lambda doc: doc["k"][0]),
    "several lines of plain text": Context("k: a\n  @\n  b\n", lambda doc: doc["k"], "a @ b"),
    "anchored": Context("k: &a @\nz: *a\n", lambda doc: doc["z"]),
    "last in the file": Context("k: @", lambda doc: doc["k"]),
}
STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NASTY_STRINGS = st.lists(
    st.sampled_from(
        [*"abz019 :-#'\"\\\n\t{}[],&*!|>%@`?~=.", ": ", " #", "- ", "\n  ", "---", "...", "\r\n", "\u2028", "é"]
    ),
    max_size=8,
).map("".join)


def utf8_strings() -> list[str]:
    values = [case["value"] for case in corpus("nasty-values.json")]
    return [one for one in values if isinstance(one, str) and not _has_surrogate(one)]


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def fill(context: Context, text: str, *, header: str = "") -> str:
    template = header + context.template
    return escaped(template, *[value(text, indent=context.indent)] * context.template.count("@"))


def expected(context: Context, text: str, name: str) -> Any:
    if name == "comment":
        return ("x", 1)
    if not text and name in ("literal", "literal, indented", "folded"):
        return ""  # an empty value alone on its line: the line is blank
    if not text and name == "literal with a given indent":
        return "  "
    if not text and name == "several lines of plain text":
        return "a\nb"
    return context.expected.replace("@", text)


@pytest.mark.parametrize("name", CONTEXTS)
def test_nasty_values_come_back_from_pyyaml(name: str) -> None:
    context = CONTEXTS[name]
    for text in utf8_strings():
        document = yaml.safe_load(fill(context, text))
        assert context.find(document) == expected(context, text, name), text


def test_nasty_values_come_back_from_kubernetes() -> None:
    cases = [(name, text) for name in CONTEXTS for text in utf8_strings()]
    documents = [fill(CONTEXTS[name], text, header=HEADER) for name, text in cases]
    objects = kubectl_read("---\n".join(one if one.endswith("\n") else f"{one}\n" for one in documents))
    assert len(objects) == len(cases)
    for (name, text), read in zip(cases, objects, strict=True):
        assert CONTEXTS[name].find(read) == expected(CONTEXTS[name], text, name), (name, text)


def test_the_same_values_without_escaping_fail() -> None:
    """The test above has teeth."""
    broken = 0
    for name, context in CONTEXTS.items():
        for text in utf8_strings():
            written = context.template.replace("@", indent_lines(text, context.indent))
            try:
                broken += context.find(yaml.safe_load(written)) != expected(context, text, name)
            except Exception:  # noqa: BLE001  # whatever the broken text makes of itself counts as broken
                broken += 1
    assert broken > 1000


@given(st.sampled_from(sorted(CONTEXTS)), STRINGS | NASTY_STRINGS)
def test_any_string_comes_back(name: str, text: str) -> None:
    document = yaml.safe_load(fill(CONTEXTS[name], text))
    assert CONTEXTS[name].find(document) == expected(CONTEXTS[name], text, name)


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(set(CONTEXTS) - {"last in the file", "folded stripped"})), NASTY_STRINGS),
        max_size=6,
    )
)
def test_values_do_not_disturb_each_other(cases: list[tuple[str, str]]) -> None:
    template = "".join(f"--- # {index}\n{CONTEXTS[name].template}" for index, (name, _) in enumerate(cases))
    values = [
        value(text, indent=CONTEXTS[name].indent)
        for name, text in cases
        for _ in range(CONTEXTS[name].template.count("@"))
    ]
    documents = list(yaml.safe_load_all(escaped(template, *values)))
    for (name, text), document in zip(cases, documents, strict=True):
        if text:
            assert CONTEXTS[name].find(document) == expected(CONTEXTS[name], text, name)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("image: repo/@:@\n", ("app", "1.2"), "image: repo/app:1.2\n"),
        ("k: hello @\n", ("big world",), "k: hello big world\n"),
        ('k:   "@"  # kept\n\n\n', ("x",), 'k:   "x"  # kept\n\n\n'),
        ("k: 'it @'\n", ("is",), "k: 'it is'\n"),
        ("k: |\n  a @\n\n# end\n", ("b",), "k: |\n  a b\n\n# end\n"),
        ("k: @\n", ("acme.io/x-1@2",), "k: acme.io/x-1@2\n"),
        ("a: '@'\nb: hello @\n", ("it's", "x y"), 'a: "it\'s"\nb: hello x y\n'),
        ("k: | # why\n  @\n\nz: 1\n", ("a\n b",), 'k: "a\\n b\\n" # why\n\nz: 1\n'),
        ("k: [a, @]\n", ("b:c",), 'k: [a, "b:c"]\n'),
        ("k: @\n", ("b:c",), "k: b:c\n"),
        ("%YAML 1.1\n---\nk: @\n", ("x",), "%YAML 1.1\n---\nk: x\n"),
        ("k: !!str @\n", ("50",), 'k: !!str "50"\n'),
        ("# @\nk: v\n", ("a\nadmin: true",), "# a\\nadmin: true\nk: v\n"),
        ("k: Zqqa @\n", ("x",), "k: Zqqa x\n"),
        ("k: '\\@'\n", ("x",), "k: '\\x'\n"),
        ('k: "\\\\@"\n', ("x",), 'k: "\\\\x"\n'),
    ],
)
def test_only_what_must_change_changes(template: str, values: tuple[str, ...], text: str) -> None:
    assert escaped(template.replace("@2", "\0"), *values).replace("\0", "@2") == text


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (5, "5"),
        (-3, "-3"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        (1e-07, "1.0e-07"),
        (1e22, "1.0e+22"),
        (1000.0, "1000.0"),
        (-0.0, "-0.0"),
        ("5", '"5"'),
        ("true", '"true"'),
        ("", '""'),
        ("yes", '"yes"'),
        ("word", "word"),
        (TypedText("50", "integer", "entitlements.n"), "50"),
        (TypedText("050", "integer", "entitlements.n"), '"050"'),
        (TypedText("50", "string", "entitlements.n"), '"50"'),
        (TypedText("1", "boolean", "config.b"), "true"),
        (TypedText("false", "boolean", "config.b"), "false"),
        pytest.param(TypedText("", "boolean", "config.b"), '""', id="empty boolean"),
        (TypedText("1e3", "number", "config.n"), "1.0e+3"),
    ],
)
def test_a_value_alone_has_its_declared_type(given: object, written: str) -> None:
    text = json.dumps(given) if isinstance(given, float) else None
    assert escaped("k: @\n", value(given, text=text)) == f"k: {written}\n"


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("port: 80@\n", (80,), "port: 8080\n"),
        ("port: 80@\n", ("80",), 'port: "8080"\n'),
        ("port: @@\n", (8, TypedText("1", "integer", "x")), "port: 81\n"),
        ("port: @@\n", (8, "0"), 'port: "80"\n'),
        ("version: 1.@\n", ("10",), 'version: "1.10"\n'),
        ("version: 1.@.0\n", (2,), "version: 1.2.0\n"),
        ("k: y@\n", ("es",), 'k: "yes"\n'),
        ("k: @@\n", ("", ""), 'k: ""\n'),
        ("@: v\n", (5,), '"5": v\n'),
        ("8@: v\n", (0,), '"80": v\n'),
        ('k: "@"\n', (5,), 'k: "5"\n'),
        ("k: |\n  @\n", (True,), "k: |\n  true\n"),
    ],
)
def test_a_value_in_text(template: str, values: tuple[object, ...], text: str) -> None:
    assert escaped(template, *values) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a: 1\n@\nb: 2\n", "a: 1\n\nb: 2\n"),
        ("a:\n  @\n", "a:\n  \n"),
        ("a: @\n", 'a: ""\n'),
        ("- @\n", '- ""\n'),
        ("a: 1 # @\n", "a: 1 # \n"),
    ],
)
def test_an_empty_value(template: str, text: str) -> None:
    assert escaped(template, "") == text


@pytest.mark.parametrize(
    ("template", "given", "text"),
    [
        ("k: @\n", value(YamlText('"x"')), 'k: "x"\n'),
        ("k: @\n", value(YamlText('{"a": [1, "b"]}')), 'k: {"a": [1, "b"]}\n'),
        ("k:\n  @\n", value(YamlText("a: 1\nb:\n- x"), indent=2), "k:\n  a: 1\n  b:\n  - x\n"),
        ("k: @\n", value(YamlText("a: 1\nb: 'no'")), 'k: {"a": 1, "b": "no"}\n'.replace('"a"', '"a"')),
        ("k: [1, @]\n", value(YamlText("- x\n- y")), 'k: [1, ["x", "y"]]\n'),
        ("k: '@'\n", value(YamlText("it's")), 'k: "it\'s"\n'),
        ("k: |\n  @\n", value(YamlText("a: 1\nb: 2"), indent=2), "k: |\n  a: 1\n  b: 2\n"),
        ("k: --flag=@\n", value(YamlText('"x"')), 'k: --flag="x"\n'),
    ],
)
def test_yaml_text_is_one_node(template: str, given: Printed, text: str) -> None:
    result = escaped(template, given)
    assert yaml.safe_load(result) == yaml.safe_load(text)
    if "\n" not in given.text:
        assert result == text


def test_indentation_wider_than_the_block_stays() -> None:
    text = escaped("k: |\n  server:\n    @\n", value("a\n\nb", indent=4))
    assert text == "k: |\n  server:\n    a\n\n    b\n"
    assert yaml.safe_load(text) == {"k": "server:\n  a\n\n  b\n"}


def test_indentation_wider_than_the_block_stays_when_rewritten() -> None:
    text = escaped("k: |\n  server:\n    @\n", value("a\x85\nb", indent=4))
    assert yaml.safe_load(text) == {"k": "server:\n  a\x85\n  b\n"}


@pytest.mark.parametrize(
    ("template", "given", "problem"),
    [
        ("k: &@ x\n", "a", "an anchor or a tag"),
        ("k: !@ x\n", "a", "an anchor or a tag"),
        ("k: &@ [x]\n", "a", "an anchor or a tag"),
        ("k: &a x\nz: *@\n", "a", "an alias"),
        ("k: |@\n  x\n", "-", "is not YAML"),
        ('k: "\\@"\n', "n", "backslash"),
        ("k: @: v\n", "a", "is not YAML"),
        ("k: [@\n", "a", "is not YAML"),
        ("%@\n---\nk: v\n", "a", "is not YAML"),
    ],
)
def test_a_value_where_none_can_stand(template: str, given: str, problem: str) -> None:
    with pytest.raises(TemplateError, match=problem):
        escaped(template, given)


@pytest.mark.parametrize(
    ("template", "values"),
    [("@: 1\n@: 2\n", ("a", "a")), ("a: 1\n@: 2\n", ("a",)), ("k: {a: 1, '@': 2}\n", ("a",)), ("a: 1\na: 2\n", ())],
)
def test_a_key_twice_is_an_error(template: str, values: tuple[str, ...]) -> None:
    with pytest.raises(TemplateError, match='key "a" stands twice'):
        escaped(template, *values)


@pytest.mark.parametrize(
    ("template", "values", "read"),
    [
        ('{"a": @, "b": "x@"}', ("t", 'q"'), {"a": "t", "b": 'xq"'}),
        ('{"a": @, "b": "\\n@"}', (5, "a\tb"), {"a": 5, "b": "\na\tb"}),
        ('{"@": "@"}', ("k\x7f", "\U0001f600\U000e0001"), {"k\x7f": "\U0001f600\U000e0001"}),
        ('{"a": @}', (value(YamlText('{"b": [1]}')),), {"a": {"b": [1]}}),
        ('{"a": 8@}', (0,), {"a": 80}),
        ('{"@": 1}', ("k" * 2000,), {"k" * 2000: 1}),
        ('{"a": @}', (value(YamlText("b:\n- x\n- 'no'")),), {"a": {"b": ["x", "no"]}}),
    ],
)
def test_json_stays_json(template: str, values: tuple[object, ...], read: object) -> None:
    assert json.loads(escaped(template, *values, json_file=True)) == read


@pytest.mark.parametrize("template", ["{'a': @}", '{"a": @,}', "a: @\n", '{"a": NaN, "b": @}'])
def test_text_that_is_no_json(template: str) -> None:
    with pytest.raises(TemplateError, match="JSON"):
        escaped(template, "x", json_file=True)


@given(STRINGS | NASTY_STRINGS)
def test_any_string_in_json(text: str) -> None:
    read = json.loads(escaped('{"a": @, "b": "x@y", "@": 1}', text, text, f"k{text}", json_file=True))
    assert read == {"a": text, "b": f"x{text}y", f"k{text}": 1}


def test_a_fragment_keeps_its_values_apart() -> None:
    fragment = Fragment((author("a: "), value("x: y"), author("\n")))
    assert fragment == "a: x: y\n"
    assert escape_yaml(list(fragment.pieces)) == 'a: "x: y"\n'


def test_many_values_in_one_text() -> None:
    count = 700  # more than one letter of a token counts
    text = escaped("".join(f"k{index}: '@'\n" for index in range(count)), *[f"v'{index}" for index in range(count)])
    assert yaml.safe_load(text) == {f"k{index}": f"v'{index}" for index in range(count)}


@pytest.mark.parametrize("template", ["k: " + "[" * 100_000, "- " * 300, "- x\n" * 300_001])
def test_too_much_yaml_is_refused_early(template: str) -> None:
    with pytest.raises(LimitError, match="the text"):
        escaped(template)


@pytest.mark.parametrize(
    ("template", "given", "text"),
    [
        ("\ufeffx: @0", 1, "x: 10"),
        ("\ufeffx: @\nb: 1", "a: b #c", 'x: "a: b #c"\nb: 1'),
        ("\ufeff@: {a: 1}", "\ufeffk", '"\\ufeffk": {a: 1}'),
        ("@b: 1", "\ufeffk", '"\\ufeffkb": 1'),
    ],
)
def test_a_byte_order_mark_shifts_nothing(template: str, given: object, text: str) -> None:
    assert escaped(template, given) == text


@pytest.mark.parametrize("values", [("a", "a"), ("b", "a")])
def test_a_key_twice_in_json_is_an_error(values: tuple[str, ...]) -> None:
    with pytest.raises(TemplateError, match='key "a" stands twice'):
        escaped('{"@": 1, "@": 2, "a": 3}', *values, json_file=True)


def test_a_value_and_what_stands_behind_it_are_no_token() -> None:
    text = escaped("k: |\n  @b: \n  @\n", "Zq", "z")
    assert yaml.safe_load(text) == {"k": "Zqb: \nz\n"}


@pytest.mark.parametrize("length", [1_001, 1_010, 1_030, 3_000])
@pytest.mark.parametrize(
    ("template", "rest"),
    [
        ("{@}\n", None),
        ("{@, a: 1}\n", None),
        ("{@, 'a:b'}\n", None),
        ("{@ # a: 1\n}\n", None),
        ("{@ : 1, a: 2}\n", 1),
        ('{"@":1}\n', 1),
        ("{@: 1}\n", 1),
    ],
)
def test_a_key_too_long_to_be_implicit_may_lack_its_value(template: str, rest: object, length: int) -> None:
    key = "k" * length
    assert yaml.safe_load(escaped(template, key))[key] == rest


@pytest.mark.parametrize("style", ["|", ">-", "|2-"])
@pytest.mark.parametrize("comment", ["c", "", "# d", "x: 1", "\n", "Zqb"])
@pytest.mark.parametrize("text", ["v", "a\nb", "\tx", " # y", "Zqa"])
def test_a_comment_behind_a_block_scalars_mark_holds_its_own_value(style: str, comment: str, text: str) -> None:
    found = escaped(f"a: {style} # @ <\n  @x\nb: 1\n", comment, text)
    assert yaml.safe_load(found) == {"a": f"{text}x" + ("\n" if style == "|" else ""), "b": 1}
    assert found.split("\n")[0].endswith(f" # {comment.replace(chr(10), '/n').replace('/', chr(92))} <")


def test_a_block_scalar_may_have_other_line_breaks() -> None:
    assert yaml.safe_load(escaped("a: |\r  x @\r  y\rb: 1\r", "v")) == {"a": "x v\ny\n", "b": 1}
    assert yaml.safe_load(escaped("a: |\r  @\r", "v\tw\n# z")) == {"a": "v\tw\n# z\n"}
