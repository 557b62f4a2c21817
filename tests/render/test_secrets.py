from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.context.values import UNKNOWN, Author, Printed
from shipper.errors import Position, TemplateError, ToldError
from shipper.render.secrets import HUSHED, MASK, Secrets, hush, masked

if TYPE_CHECKING:
    from shipper.context.values import Piece


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ('ParseInt: "x" is no integer', f'ParseInt: "{MASK}" is no integer'),
        ('a "x" is "y" here', f'a "{MASK}" here'),
        ('neither "a"b" nor', f'neither "{MASK}" nor'),
        ("invalid literal: 'it's'", f'invalid literal: "{MASK}"'),
        ("text can't be iterated", "text can't be iterated"),
        ("no place 31415: the last is 12", f"no place {MASK}: the last is 12"),
        ("from -3.1415 to 1e+21, not 100", f"from {MASK} to {MASK}, not 100"),
        ("more than 65,536 of 64 bits, a12345", "more than 65,536 of 64 bits, a12345"),
        ('an open "text\nwithout end', f'an open "{MASK}"'),
    ],
)
def test_an_error_loses_what_it_quotes(message: str, left: str) -> None:
    error = TemplateError(message, hint='did you mean "z"?')
    hush(error)
    assert (error.message, error.hint) == (left, HUSHED)


@pytest.mark.parametrize(
    ("line", "told", "is_shown"),
    [
        ('{{ fail("it is too short") }}', "it is too short", True),
        ("{{ fail('it is too short') }}", "it is too short", True),
        ("{{repl fail `it is too short` }}", "it is too short", True),
        ("{{ fail(config.password) }}", "password", False),
        ("{{ fail(config.password) }}", "Hunter2", False),
        ("", "it is too short", False),
    ],
)
def test_what_a_template_says_is_shown_if_its_author_wrote_it(line: str, told: str, is_shown: bool) -> None:
    error = ToldError(told)
    error.message = f"fail: {told}"
    error.position = Position("spec.yaml", 1, 1, line)
    hush(error)
    assert error.message == f"fail: {told if is_shown else MASK}"


def test_a_hint_without_a_text_stays() -> None:
    error = TemplateError("text can't be printed", hint="use toYaml")
    hush(error)
    assert str(error) == "text can't be printed (use toYaml)"


@pytest.mark.parametrize(
    "text",
    ["Hunter2\nSecond/line", "HUNTER2 second/LINE", "second/line", r"hunter2\nsecond/line", "hunter2%0Asecond%2Fline",
     "SHVudGVyMgpTZWNvbmQvbGluZQ=="],
)  # fmt: skip
def test_a_text_is_found_in_other_forms(text: str) -> None:
    assert masked(f"<{text}>", {"Hunter2\nSecond/line"}).rstrip("=>") == f"<{MASK}"


def test_short_texts_are_words() -> None:
    assert masked("abc abcd x/abc.yaml", {"abc"}) == f"{MASK} abcd x/{MASK}.yaml"


def test_what_is_printed_after_a_secret_is_secret_unless_it_is_public() -> None:
    secrets = Secrets()
    pieces: list[Piece] = [Author("at ", UNKNOWN), Printed("s", "secret", UNKNOWN), Printed("t", "tail", UNKNOWN)]
    pieces += [Author(" of ", UNKNOWN), Printed("h", "host.example", UNKNOWN)]
    secrets.learn_printed(pieces, {"host.example"})
    assert secrets == {"secrettail"}
    secrets.learn_printed([Author("x", UNKNOWN), Printed("a", "ab", UNKNOWN)], ())
    assert "xab" in secrets
    secrets.learn("true")
    assert "true" not in secrets
