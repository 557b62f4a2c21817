"""`indent`, `nindent` and `trim` on marked text: the characters of jinja2, and the marks kept."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.functions.layout import indented, trimmed
from shipper.context.registry import REGISTRY
from shipper.context.values import (
    UNKNOWN,
    Author,
    Fragment,
    Piece,
    Printed,
    Source,
    TypedText,
    YamlText,
    piece_text,
)
from shipper.errors import LimitError, TemplateError

HERE = Source("t", 3)
LINES = st.text(alphabet="ab \n", max_size=8)


def author(text: str) -> Author:
    return Author(text, HERE)


def printed(text: str, indent: int = 0) -> Printed:
    return Printed(text, text, HERE, indent)


PIECES = st.lists(
    st.one_of(LINES.map(author), LINES.map(printed), st.tuples(LINES, st.integers(0, 3)).map(lambda pair: printed(*pair))),
    max_size=5,
).map(tuple)  # fmt: skip
JINJA = jinja2.Environment().filters


def indent(value: str, *args: object, **kwargs: object) -> str:
    result = REGISTRY["indent"].call(value, *args, **kwargs)
    assert isinstance(result, str)
    return result


@given(PIECES, st.integers(1, 4), st.booleans(), st.booleans())
def test_indent_gives_the_characters_of_jinja2(pieces: tuple[Piece, ...], width: int, first: bool, blank: bool) -> None:
    whole = "".join(map(piece_text, pieces))
    found = indent(Fragment(pieces), width, first, blank)
    if not blank or all(not isinstance(piece, Printed) or not piece.indent for piece in pieces):
        assert str(found) == JINJA["indent"](whole, width, first, blank)


@given(PIECES, st.sampled_from([None, " ", "\n", "a", "ab \n"]))
def test_trim_gives_the_characters_of_python(pieces: tuple[Piece, ...], chars: str | None) -> None:
    fragment = Fragment(pieces)
    assert str(trimmed(fragment, chars)) == str(fragment).strip(chars)


@given(PIECES, st.integers(1, 4), st.integers(1, 4))
def test_indent_twice_adds_up(pieces: tuple[Piece, ...], first: int, second: int) -> None:
    assert str(indent(indent(Fragment(pieces), first), second)) == str(indent(Fragment(pieces), first + second))


def test_indent_keeps_values_apart_from_layout() -> None:
    assert indented((author("a:\n"), printed("b\nc"), author("\n")), 2) == (
        author("a:\n"),
        author("  "),
        Printed("b\nc", "b\nc", HERE, 2),
        author("\n"),
    )


def test_value_becomes_a_marked_piece() -> None:
    value = TypedText("1\n2", "string", "config.x")
    found = indent(value, 4)
    assert isinstance(found, Fragment)
    assert found.pieces == (Printed(value, "1\n2", UNKNOWN, 4),)
    assert found == "1\n    2"


def test_one_line_stays_what_it_is() -> None:
    value = TypedText("50", "integer", "entitlements.n")
    assert indent(value) is value


def test_nindent_begins_a_line_of_the_author() -> None:
    node = YamlText("a: 1\nb: 2")
    found = REGISTRY["nindent"].call(node, 2)
    assert found.pieces == (Author("\n  ", UNKNOWN), Printed(node, "a: 1\nb: 2", UNKNOWN, 2))
    assert found == "\n  a: 1\n  b: 2"


@pytest.mark.parametrize("text", ["a\u2028b\nc", "a\x85b\nc", "a\rb\nc", "a\x0bb\x1cc\nd"])
def test_only_a_line_feed_breaks_lines(text: str) -> None:
    """jinja2 turns these into line feeds, and the value would change."""
    assert indent(text, 2).replace("\n  ", "\n") == text


def test_trim_keeps_the_kind() -> None:
    typed = trimmed(TypedText(" 5 ", "integer", "config.n"))
    assert isinstance(typed, TypedText)
    assert (typed, typed.type, typed.typed) == ("5", "integer", "config.n")
    assert type(trimmed(YamlText("a\n"))) is YamlText
    assert type(trimmed(" a ")) is str
    fragment = trimmed(Fragment((author(" \n"), printed(" 5 "), author("  "))))
    assert isinstance(fragment, Fragment)
    assert fragment.pieces == (Printed("5", "5", HERE),)


@pytest.mark.parametrize("width", [-1, 1001, 10**30])
def test_width_is_bounded(width: int) -> None:
    with pytest.raises(TemplateError, match="indent: width must be 0 to 1000"):
        indent("a\nb", width)


def test_size_is_bounded() -> None:
    with pytest.raises(LimitError, match="indent: the result would have more than"):
        indent("\n" * 100_000, 1000)
