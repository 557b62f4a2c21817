from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper import yamlio
from shipper.errors import LimitError, SpecError
from shipper.yamlio import Limits


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ("\ufeff[]", []),
        ('["\\ud83d\\ude00", "\\u00e9"]', ["😀", "é"]),
        ('{"a": {"a": 1}, "b": [true, null, -1.5e3]}', {"a": {"a": 1}, "b": [True, None, -1500.0]}),
        ('"[[[[[[[["', "[[[[[[[["),
        ("9" * 1_000, int("9" * 1_000)),
    ],
)
def test_reads(text: str, value: object) -> None:
    assert yamlio.load_json(text, "f", error=SpecError, limits=Limits(max_depth=4)) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f:1:1: no valid JSON: expecting value"),
        ("[1,]", "f:1:4: no valid JSON: expecting value"),
        ("[1]\n[2]", "f:2:1: no valid JSON: extra data"),
        ('["\t"]', "f:1:3: no valid JSON: invalid control character at"),
        ('{"a": 1,\n "b": {"a": 2, "\\u0061": 3}}', 'f:2:16: duplicate key "a"'),
        ('{"\\ud800": 1, "\\ud800": 2}', 'f:1:15: duplicate key "\\ud800"'),
        ('{"NaN": NaN}', 'f:1:9: "NaN": no number in JSON'),
        ("[-Infinity]", 'f:1:2: "-Infinity": no number in JSON'),
        ("[1e999]", 'f:1:2: "1e999": number is too large for a float'),
        ("1" * 1_001, "f:1:1: number of 1,001 characters"),
        ('["\\ud83d", "\\ude00"]', "f:1:2: lone surrogate in a string is no character"),
        (b'["\xff"]', "f:1:3: text is not UTF-8: byte 0xFF (save it as UTF-8)"),
        (b"\xff\xfe[\x00]\x00", "f:1:1: text is UTF-16, not UTF-8 (save it as UTF-8)"),
    ],
)
def test_refuses(text: str | bytes, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        yamlio.load_json(text, "f", error=SpecError)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "f:1:65: nested deeper than 64"),
        ('{"a":' * 100_000, "f:1:321: nested deeper than 64"),
        ('["' + "[" * 100 + '",' + "[" * 64, "f:1:168: nested deeper than 64"),
        ("[" + "1," * 50 + "1]", "f:1:99: more than 50 nodes"),
    ],
)
def test_limits(text: str, message: str) -> None:
    with pytest.raises(LimitError) as caught:
        yamlio.load_json(text, "f", error=SpecError, limits=Limits(max_nodes=50 if "1,1" in text else 1_000_000))
    assert str(caught.value) == message


PIECES = st.sampled_from(
    [*list('[]{},:"\\'), '"a"', "1", "1e9", "NaN", "true", "\\u", "d800", " ", "\n", "\x00", "-", "."]
)


@settings(max_examples=300)
@given(st.lists(PIECES | st.text(max_size=2), max_size=25).map("".join))
def test_accepts_only_what_json_reads(text: str) -> None:
    try:
        value = yamlio.load_json(text, "f", error=SpecError)
    except (SpecError, LimitError):
        return
    assert json.loads(text.removeprefix("\ufeff")) == value
