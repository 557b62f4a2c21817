"""Our lexer against jinja2's: the same tokens, and offsets that point at them."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import TemplateSyntaxError

from shipper.errors import LimitError
from shipper.template.jinja_lexer import tokenize
from tests.template.differential_cases import EXPRESSIONS, FILES, TEMPLATES

REFERENCE = jinja2.Environment(keep_trailing_newline=True)
CORPUS = [f"{{{{ {expression} }}}}" for expression in EXPRESSIONS] + TEMPLATES + list(FILES.values())

FRAGMENTS = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "{{-", "-}}", "{#-", "-#}", "{%+", "+%}", "+#}", "{{+",
    " ", "  ", "\n", "\t", "\u00a0", "a", "b1", "_x", "grün", "x·y", "if", "raw", "endraw", "{% raw %}", "{% endraw %}",
    "{%- raw -%}", "{%- endraw -%}", "'t'", '"t"', "'", '"', "\\", "\\'", "1", "0x1F", "1_0", "1.5", "1e3", ".", "..",
    "(", ")", "[", "]", "{", "}", "+", "-", "*", "**", "/", "//", "%", "~", "|", ",", ":", ";", "=", "==", "!=", "<", "<=",
    ">", ">=", "!", "$", "é", "“", "٣", "²",
]  # fmt: skip


def tokens(source: str) -> list[tuple[str, object]] | str:
    try:
        return [(token.type, token.value) for token in tokenize(source)]
    except TemplateSyntaxError:
        return "error"


def reference_tokens(source: str) -> list[tuple[str, object]] | str:
    try:
        found = REFERENCE._tokenize(source, None)
        return [(token.type, token.value) for token in found if token.value != "" or token.type != "data"]
    except TemplateSyntaxError:
        return "error"


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_same_tokens_on_the_corpus() -> None:
    for source in CORPUS:
        if "\r" not in source:
            assert tokens(source) == reference_tokens(source), source


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_same_tokens_on_fragments(source: str) -> None:
    source += "."  # jinja2 doesn't see that a comment is open when nothing at all follows
    assert tokens(source) == reference_tokens(source)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_offsets_point_at_the_token(source: str) -> None:
    try:
        for token in tokenize(source):
            if token.type in ("data", "name"):
                assert source.startswith(token.value, token.lineno)
            elif token.type in ("integer", "float"):
                assert source[token.lineno].isdigit()
            elif token.type == "string":
                assert source[token.lineno] in "\"'"
            elif token.type in ("variable_begin", "block_begin"):
                assert source.startswith(("{{", "{%"), token.lineno)
    except TemplateSyntaxError as error:
        assert 0 <= error.lineno <= len(source)


def test_data_after_a_trimming_tag_has_its_own_offset() -> None:
    found = [token for token in tokenize("a{{ x -}} \n b") if token.type == "data"]
    assert [(token.lineno, token.value) for token in found] == [(0, "a"), (12, "b")]


def test_too_many_tokens() -> None:
    with pytest.raises(LimitError, match="words and symbols"):
        list(tokenize("{{ " + "1~" * 100_000 + "1 }}"))


@pytest.mark.parametrize(
    ("source", "message", "offset"),
    [
        ("{{ 'abc }}", "text without its closing '", 3),
        ("a {# b", 'comment without an end: "#}" is missing', 2),
        ("{% raw %} b", '"raw" without an end: "{% endraw %}" is missing', 0),
        ("{{ (1] }}", 'unexpected "]", expected ")"', 5),
        ("{{ 1) }}", 'unexpected ")"', 4),
        ("{{ a ? b }}", 'unexpected "?"', 5),
        ("{{ '\\x4' }}", "bad escape in text: truncated \\xXX escape", 3),
        ("{{ " + "9" * 5000 + " }}", "a number may have 4,300 digits at most", 3),
    ],
)
def test_errors(source: str, message: str, offset: int) -> None:
    with pytest.raises(TemplateSyntaxError) as caught:
        list(tokenize(source))
    assert (caught.value.message, caught.value.lineno) == (message, offset)
