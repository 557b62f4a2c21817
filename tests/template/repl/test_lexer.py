"""What opens an action, what ends it, what is trimmed, and that all else stays as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import LimitError, TemplateError
from shipper.spec.dialect import REPL_ACTION
from shipper.template.repl.lexer import OPENING, tokens
from tests.template.repl.outline import outline, parsed, source_of

PIECES = [
    "{{", "}}", "{{repl", "repl{{", "{{repl ", "repl{{ ", "{{repl\n", "{{repl-", "{{repl(", "{{ .Values.x }}", "{% if %}", "{#", " ", "\n",
    "\t", "-", " -}}", "(", ")", '"', "`", "'", "\\", "/*", "*/", ".", "$", "$x", ":=", "=", ",", "|", "if ", "else ", "end ", "range ",
    "with ", "print ", "ConfigOption ", "1", "0x", "1e", "\u00e9", "\u00a0", "\x00", "\U0001f512", "nil", "true", "repl",
]  # fmt: skip


def texts(source: str) -> list[str]:
    """What `source` prints, if it prints only literals."""
    return [statement[1] if statement[0] == "raw" else statement[1][1] for statement in outline(source)]


@pytest.mark.parametrize(
    "source",
    [
        '{{repl "x" }}', '{{repl\t"x"}}', '{{repl\n"x"\n}}', '{{repl"x"}}', "{{repl`x`}}", '{{repl("x")}}', '{{repl- "x"}}',
        '{{repl- "x" -}}', '{{repl - "x"}}', 'repl{{ "x" }}', 'repl{{"x"}}', 'repl{{("x")}}', 'repl{{- "x" -}}', 'repl{{\n"x"}}',
    ],
)  # fmt: skip
def test_openings(source: str) -> None:
    assert texts(source) == ["x"]


@pytest.mark.parametrize("opening", ["repl{{", "repl{{ ", "repl{{\n", "repl{{- "])
def test_names_may_follow_the_opening_of_kots(opening: str) -> None:
    assert outline(f'{opening}ConfigOption "x"}}}}') == [["print", ["call", "ConfigOption", ["text", "x"]]]]
    assert outline(f"{opening}.x}}}}") == [["print", ["field", ["name", "."], "x"]]]
    assert outline(f"{opening}$}}}}") == [["print", ["name", "$"]]]


def test_quotes_of_a_character_may_follow() -> None:
    assert outline("{{repl'a'}}repl{{'b'}}repl{{7}}{{repl-7}}") == [["print", ["int", 97]], ["print", ["int", 98]], ["print", ["int", 7]], ["print", ["int", -7]]]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "{{replX}}", "{{repl}}", "{{repl/* c */}}", "{{repl.x}}", "{{repl$x}}", "{{repl1}}", "{{- repl 1}}", "{{ repl 1 }}", "{{Repl 1}}",
        "{{repl\u00a01}}", "repl {{ 1 }}", "repl{{}}", "repl{{}", "repl{{\u00e9}}", "{{ .Values.x }}{% x %}{# y #}", "}}", "{{", "", "\n",
    ],
)  # fmt: skip
def test_no_openings(source: str) -> None:
    assert "".join(texts(source)) == source


def test_both_openings_in_one_block() -> None:
    assert outline("repl{{if 1}}a{{repl else}}b{{repl end}}") == [
        ["if", [False, []], ["int", 1], [["raw", "a"]], [["raw", "b"]]]
    ]


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ('a \n{{repl- "x" -}} \t\n b', ["a", "x", "b"]),
        ('a \n{{repl - "x" -}} \t\n b', ["a", "x", "b"]),
        ('a repl{{- "x" }} b', ["a", "x", " b"]),
        ('a {{repl "x" -}}', ["a ", "x"]),
        (" {{repl- 1 -}} ", [1]),
        ('{{repl "x" -}} \n {{repl- "y"}}', ["x", "y"]),
        ("a {{repl -1}} b", ["a ", -1, " b"]),
        ("a {{repl- 1}} b", ["a", 1, " b"]),
        ("a \u00a0{{repl- 1}}", ["a \u00a0", 1]),
        ("a {{repl /* c */}} b", ["a ", " b"]),
        ("a {{repl- /* }} */ -}} b", ["a", "b"]),
        ("a repl{{/* c\n */}} b", ["a ", " b"]),
    ],
)
def test_trims(source: str, printed: list[object]) -> None:
    assert texts(source) == printed


@pytest.mark.parametrize("literal", ['"}}"', "`}}`", '"\\"}}"', "`\n}}`"])
def test_ends_inside_texts_are_text(literal: str) -> None:
    inner = literal[1:-1].replace('\\"', '"')
    assert texts(f"{{{{repl {literal} }}}}z") == [inner, "z"]


def test_ends_inside_characters_and_comments() -> None:
    assert outline("{{repl list '}' '}'}}z") == [["print", ["call", "list", ["int", 125], ["int", 125]]], ["raw", "z"]]
    assert texts('{{repl /* }} " */}}z') == ["z"]


def test_braces_behind_the_end_are_text() -> None:
    assert texts('{{repl "x"}}}}') == ["x", "}}"]


def test_a_spec_is_known_by_the_same_openings() -> None:
    """Where white space follows that Go doesn't know, an action was meant; after KOTS's, a name may be Jinja's."""
    for opening in ("{{repl", "repl{{"):
        for follows in [*map(chr, range(0x250)), "/*", "//", "", "\u2003"]:
            text = f"{opening}{follows}x"
            found = bool(OPENING.match(text)) or follows.isspace()
            if opening == "repl{{" and re.match("[a-z_.0-9]", text[len(opening) :]):
                found = False
            assert bool(re.match(REPL_ACTION, text)) == found, text
    assert re.match(REPL_ACTION, 'repl{{print "x" }}')
    assert re.match(REPL_ACTION, "repl{{if (ConfigOption) }}")
    assert not re.match(REPL_ACTION, "repl{{name | upper }}")


@given(st.text())
def test_text_without_an_action_comes_out_byte_for_byte(text: str) -> None:
    source = source_of(text)
    if not OPENING.search(source.text):
        assert "".join(texts(text)) == source.text


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_raw_text_around_actions_comes_out_byte_for_byte(text: str) -> None:
    if not OPENING.search(text) and not OPENING.search(text + '{{repl "'):
        assert texts(text + '{{repl "x"}}' + text) == [each for each in (text, "x", text) if each]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_nothing_but_documented_errors(text: str) -> None:
    try:
        parsed(text)
    except (TemplateError, LimitError) as error:
        assert error.position is not None
        assert 1 <= error.position.line <= text.count("\n") + 1


@given(st.text())
def test_nothing_but_documented_errors_in_any_action(text: str) -> None:
    try:
        parsed("{{repl " + text)
    except (TemplateError, LimitError) as error:
        assert error.position is not None


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_tokens_are_the_text(text: str) -> None:
    """In their order, each at its offset, and nothing but white space between."""
    end = 0
    found, behind = tokens(text, 0, 1000)
    for _, token, at, spaced in found:
        assert text.startswith(token, at)
        assert text[end:at].strip(" \t\r\n") == ""
        assert spaced == (at > end)
        end = at + len(token)
    assert end == behind


def test_too_many_tokens() -> None:
    with pytest.raises(LimitError, match="words and symbols in its actions") as caught:
        parsed("a\n{{repl print" + " 1" * 150_000 + " }}")
    assert str(caught.value.position) == "t.yaml:2:1"
    with pytest.raises(LimitError, match="words and symbols"):
        parsed("{{repl 1}}" * 80_000)


def test_too_long() -> None:
    with pytest.raises(LimitError, match="characters at most"):
        parsed("a" * (1024 * 1024 + 1))
