"""Base64 and base32, and where Go says that a text stops being one."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.context.sprig.given import SHIP, call, check, refuse
from tests.go_programs import ask_go

TABLE = [
    ('b64enc ""', ""),
    ('b64enc "é"', "w6k="),
    ('b64dec "w6\\r\\nk="', "é"),
    ('b64dec ""', ""),
    ('"foobar" | b32enc', "MZXW6YTBOI======"),
    ('b32dec "MZXW6YTB\\nOI======"', "foobar"),
]


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_table(template: str, expected: str) -> None:
    check(template, expected)


BAD = [
    ("b64dec", "!", "illegal base64 data at input byte 0"),
    ("b64dec", "YQ", "illegal base64 data at input byte 0"),
    ("b64dec", "YWJjYQ=", "illegal base64 data at input byte 7"),
    ("b64dec", "YQ==YQ==", "illegal base64 data at input byte 4"),
    ("b64dec", "Y\nQé", "illegal base64 data at input byte 3"),
    ("b32dec", "mz", "illegal base32 data at input byte 0"),
    ("b32dec", "MZXW6", "illegal base32 data at input byte 0"),
    ("b32dec", "MZX=====", "illegal base32 data at input byte 3"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_bad_text_is_an_error_and_in_ship_the_text_of_one(name: str, text: str, message: str) -> None:
    refuse(f'{name} "{text}"'.replace("\n", "\\n"), message)
    assert call(name, text, given=SHIP) == message


@pytest.mark.parametrize("template", ['b64dec "/w=="', 'b32dec "74======"'])
def test_bytes_that_are_no_text_are_an_error(template: str) -> None:
    refuse(template, "no UTF-8 text")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_encoded_comes_back(text: str) -> None:
    for encode, decode in (("b64enc", "b64dec"), ("b32enc", "b32dec")):
        assert call(decode, call(encode, text)) == text


def test_a_lone_surrogate_has_no_bytes() -> None:
    for name in ("b64enc", "b64dec", "b32enc", "b32dec"):
        with pytest.raises(Exception, match="half a character"):
            call(name, "\ud800")


def test_as_go() -> None:
    rng = random.Random(4)
    requests = []
    for _ in range(4_000):
        name = rng.choice(["base64", "base32"])
        characters = list(getattr(base64, f"b{name[4:]}encode")(rng.randbytes(rng.randint(0, 9))).decode())
        for _ in range(rng.randint(0, 3)):
            characters.insert(
                rng.randint(0, len(characters)), rng.choice(["=", "A", "\n", "\r", "!", "é", "==", "b", "2"])
            )
        for _ in range(rng.randint(0, min(2, len(characters)))):
            del characters[rng.randrange(len(characters))]
        requests.append({"call": name, "s": "".join(characters)})
    for request, answer in zip(requests, ask_go("encodings", requests), strict=True):
        name, text = request["call"], request["s"]
        try:
            ours = call(f"b{name[4:]}dec", text, given=SHIP)
        except Exception as error:  # noqa: BLE001 (compared below)
            ours = str(error)
            assert "no UTF-8 text" in ours
            assert answer is None, request
            continue
        assert ours == answer, request
