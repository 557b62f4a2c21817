"""Upper and lower case, and the words that capitals and connectors make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.context.sprig.given import call, check

TABLE = [
    ('upper "acmé straße ŉ"', "ACMÉ STRAßE ŉ"),
    ('lower "ACMÉ ΑΣ İ"', "acmé ας i".replace("ς", "σ")),
    ('upper "ᾳ"', "ᾼ"),
    ('title "hello-world foo_bar a\'s éa ßx"', "Hello-World Foo_bar A'S Éa ßx"),
    ('title "a\\u00a0b\\u2028c—d"', "A\u00a0B\u2028C—d"),
    ('title "HELLO"', "HELLO"),
    ('untitle "First TRY\\tX"', "first tRY\tx"),
    ('swapcase "This Is A.Test"', "tHIS iS a.tEST"),
    ('swapcase "ǆx é"', "ǅX É"),
    ('initials "First Try"', "FT"),
    ('initials " élan  vital "', "év"),
    ('initials ""', ""),
    ('nospace " h e\\tl\\n\\u2003o "', "helo"),
    ('camelcase "http_server"', "HttpServer"),
    ('camelcase "_camel_case"', "_CamelCase"),
    ('camelcase "_complex__case_"', "_Complex_Case_"),
    ('camelcase "GOLANG_IS_GREAT"', "GolangIsGreat"),
    ('camelcase "all"', "All"),
    ('camelcase "a"', "A"),
    ('camelcase "__"', "__"),
    ('camelcase ""', ""),
    ('kebabcase "FirstName"', "first-name"),
    ('kebabcase "GO_PATH x"', "go-path-x"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


SNAKES = {
    "aB": "a_b", "HTTPServer": "http_server", "_camelCase": "_camel_case", "NoHTTPS": "no_https", "Wi_thF": "wi_th_f",
    "_AnotherTES_TCaseP": "_another_tes_t_case_p", "ALL": "all", "_HELLO_WORLD_": "_hello_world_",
    "HELLO____WORLD": "hello____world", "TW": "tw", "_C": "_c", "http2xx": "http_2xx", "HTTP2XX": "http_2xx",
    "HTTP20xOK": "http_20x_ok", "HTTP20XStatus": "http_20x_status", "HTTP-20xStatus": "http_20x_status", "a": "a", "": "",
    "  sentence case  ": "__sentence_case__", "IDs": "i_ds",
    " Mixed-hyphen case _and SENTENCE_case and UPPER-case": "_mixed_hyphen_case__and_sentence_case_and_upper_case",
}  # fmt: skip


@pytest.mark.parametrize(("text", "snake"), SNAKES.items())
def test_words_are_parted_as_by_xstrings(text: str, snake: str) -> None:
    assert call("snakecase", text) == snake
    assert call("kebabcase", text) == snake.replace("_", "-")


@given(st.text(max_size=20))
def test_case_changes_one_character_for_one(text: str) -> None:
    for name in ("upper", "lower", "title", "untitle", "swapcase"):
        assert len(call(name, text)) == len(text)


@given(st.text(st.sampled_from("aBéÉ1_- xY"), max_size=15))
def test_snakecase_keeps_the_letters(text: str) -> None:
    kept = [character for character in text if character not in "_- "]
    snake = call("snakecase", text)
    assert [character for character in snake if character not in "_- "] == [character.lower() for character in kept]
