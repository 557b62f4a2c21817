from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.context.values import UNKNOWN, Author, Printed
from shipper.errors import TemplateError
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
        ('an open "text\nwithout end', f'an open "{MASK}"'),
    ],
)
def test_an_error_loses_what_it_quotes(message: str, left: str) -> None:
    error = TemplateError(message, hint='did you mean "z"?')
    hush(error)
    assert (error.message, error.hint) == (left, HUSHED)


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
