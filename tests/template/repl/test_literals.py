"""Go's literals, each as Go reads it; tests/template/repl/test_parser_go.py asks Go itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import TemplateError
from tests.template.repl.outline import expression, parsed


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("0", 0), ("7", 7), ("007", 7), ("0o17", 15), ("0O17", 15), ("0b101", 5), ("0x1F", 31), ("0x_1f", 31), ("1_000", 1000), ("-5", -5),
        ("+5", 5), ("-0x10", -16), ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)), ("'a'", 97), (r"'\n'", 10),
        (r"'\''", 39), (r"'\xff'", 255), (r"'\u00e9'", 233), ("'\U0001f512'", 0x1F512), (r"'\101'", 65),
    ],
)  # fmt: skip
def test_integers(literal: str, value: int) -> None:
    assert expression(f"{{{{repl {literal} }}}}") == ["int", value]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("1E-3", 0.001), ("1_0.5", 10.5), ("0x1p4", 16.0), ("0x1.8p1", 3.0),
        ("0x.8p1", 1.0), ("-.5", -0.5), ("08.5", 8.5), ("1e-400", 0.0),
    ],
)  # fmt: skip
def test_floats(literal: str, value: float) -> None:
    assert expression(f"{{{{repl {literal} }}}}") == ["float", value]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"'), (r'"\x41\101\u00e9\U0001F512"', "AA\u00e9\U0001f512"), (r'"\xc3\xa9"', "\u00e9"),
        ('"\u00e9"', "\u00e9"), ('""', ""), ("``", ""), (r"`raw\n`", r"raw\n"), ("`a\nb`", "a\nb"),
    ],
)  # fmt: skip
def test_texts(literal: str, value: str) -> None:
    assert expression(f"{{{{repl {literal} }}}}") == ["text", value]


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ("08", '"08" is no number (a number that begins with 0 is octal)'),
        ("0b2", '"0b2" is no number'),
        ("1i", '"1i" is no number (complex numbers are not supported)'),
        ("1+2i", '"1+2i" is no number (complex numbers are not supported)'),
        ("1+2", '"1+2" is no number (calculate with add and sub, or Add and Sub)'),
        ("1.2.3", '"1.2.3" is no number (put text in double quotes)'),
        ("5Gi", '"5Gi" is no number (put text in double quotes)'),
        ("9223372036854775808", '"9223372036854775808" is too large: an integer has 64 bits'),
        ("1e400", '"1e400" is too large for a number'),
        ("0x1p99999", '"0x1p99999" is too large for a number'),
        ("1" * 4301, "a number may have 4,300 digits at most"),
        ("''", "single quotes hold exactly one character, not a text (put texts in double quotes)"),
        ("'xy'", "single quotes hold exactly one character, not a text (put texts in double quotes)"),
        (r"'\"'", r'bad escape "\\"" in a text'),
        (r'"a\zb"', r'bad escape "\z" in a text'),
        (r'"a\x4"', r'bad escape "\x" in a text'),
        (r'"\400"', r'bad escape "\400" in a text: it is more than a byte'),
        (r'"\ud800"', r'there is no character "\ud800"'),
        (r'"\U00110000"', r'there is no character "\U00110000"'),
        (r'"\xff"', 'the bytes of this text are no UTF-8 (write characters as they are, or as "\\u00e9")'),
    ],
)
def test_no_literals(literal: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parsed(f"{{{{repl {literal} }}}}")
    assert message in str(caught.value)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_is_read_back(text: str) -> None:
    """The escapes of JSON are among Go's."""
    quoted = json.dumps(text, ensure_ascii=False)
    assert expression(f"{{{{repl {quoted} }}}}") == ["text", text]


@given(st.text(st.characters(exclude_characters="`\r", exclude_categories=["Cs"])))
def test_a_raw_text_is_read_back(text: str) -> None:
    assert expression(f"{{{{repl `{text}`}}}}") == ["text", text]


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from([str, hex, oct, bin, "{:_d}".format, "{:#_x}".format]))
def test_an_integer_is_read_back(number: int, written: object) -> None:
    assert expression(f"{{{{repl {written(number)} }}}}") == ["int", number]  # type: ignore[operator]  # all are functions


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([repr, float.hex, "{:.17e}".format]))
def test_a_float_is_read_back(number: float, written: object) -> None:
    assert expression(f"{{{{repl {written(number)} }}}}") == ["float", number]  # type: ignore[operator]  # all are functions


@given(st.characters(exclude_characters="'\\\n\r", exclude_categories=["Cs"]))
def test_a_character_is_read_back(char: str) -> None:
    assert expression(f"{{{{repl '{char}'}}}}") == ["int", ord(char)]
