"""Ship's numbers, in the repl language."""

from __future__ import annotations

import pytest

from shipper.context.facts import Option
from shipper.errors import TemplateError
from tests.context.sample import check_leniency, facts, render

LENIENT = facts(missing="empty")

SAME = [
    ("Add 2 3", "5"), ("Add 2 3.0", "5"), ("Add 2.5 1", "3.5"), ("Sub 1.5 1", "0.5"), ("Sub 1 2", "-1"), ("Mult 1.5 2", "3"), ("Mult -3 4", "-12"),
    ("Div 15 2", "7"), ("Div -15 2", "-7"), ("Div 15 -2", "-7"), ("Div 15.0 2", "7.5"), ("Div 1.0 0", "+Inf"), ("Div -1.0 0", "-Inf"),
    ("Div 0.0 0", "NaN"), ("Mult 1e308 10", "+Inf"), ('ParseInt "42"', "42"), ('ParseInt "ff" 16', "255"), ('ParseInt "0x10" 0', "16"),
    ('ParseUint "18446744073709551615"', "18446744073709551615"), ('ParseFloat "1.5"', "1.5"), ('ParseFloat "1e3"', "1000"),
    ('ParseFloat "inf"', "+Inf"), ('ParseFloat "NaN"', "NaN"), ('ParseFloat "0x1p-2"', "0.25"), ('ParseBool "t"', "true"), ('ParseBool "F"', "false"),
    ("HumanSize 387346587344", "387.3GB"), ("HumanSize 999", "999B"), ("HumanSize 0", "0B"), ("HumanSize 1500000.5", "1.5MB"),
    ("HumanSize 1024", "1.024kB"), ("HumanSize -5000", "-5000B"), ("HumanSize 1e30", "1e+06YB"), ('HumanSize (ParseFloat "inf")', "+InfYB"),
    ('ParseInt "42" | Add 5', "47"), ('"5" | ParseInt | Sub 7', "2"), ('Mult (ConfigOption "replicas" | ParseInt) 86400', "259200"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "expected"), SAME)
def test_whatever_is_missing(action: str, expected: str) -> None:
    assert render(f"{{{{repl {action} }}}}") == expected
    assert render(f"{{{{repl {action} }}}}", LENIENT) == expected


LENIENCY = [
    ('Add "2" 1', "0", 'Add: "2" is text, not a number'), ('Add 1 "2"', "1", 'Add: "2" is text'), ('Add "a" 1.5', "1.5", 'Add: "a" is text'),
    ('Add 1.5 "a"', "1.5", 'Add: "a" is text'), ('Mult 3 "2"', "0", 'Mult: "2" is text'), ('Div "10" 0', "0", 'Div: "10" is text'),
    ("Add true 1", "0", "Add: a number is expected, not a boolean"), ("Sub (list 1) 1", "0", "Sub: a number is expected, not a list"),
    ('ParseInt "x"', "0", 'ParseInt: "x" is no integer of 64 bits'), ('ParseInt " 1"', "0", "ParseInt"), ('ParseInt "1.5"', "0", "ParseInt"),
    ('ParseInt "0x10"', "0", "ParseInt"), ('ParseInt "1" 1', "0", "ParseInt"), ('ParseInt "9223372036854775808"', "9223372036854775807", "ParseInt"),
    ('ParseInt "-9223372036854775809"', "-9223372036854775808", "ParseInt"), ('ParseUint "-1"', "0", 'ParseUint: "-1" is no unsigned integer'),
    ('ParseUint "99999999999999999999"', "18446744073709551615", "ParseUint"), ('ParseFloat "x"', "0", 'ParseFloat: "x" is no number'),
    ('ParseFloat "-1e999"', "-Inf", "ParseFloat"), ('ParseBool ""', "false", 'ParseBool: "" is no boolean'), ('ParseBool "tRUE"', "false", "ParseBool"),
    ('HumanSize "1"', "0B", 'HumanSize: "1" is text, not a number'),
]  # fmt: skip


@pytest.mark.parametrize(("action", "lenient", "message"), LENIENCY)
def test_what_ship_swallowed(action: str, lenient: str, message: str) -> None:
    check_leniency(action, lenient, message)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("Div 1 0", "Div: division by zero"), ('Div 10 "x"', "Div: "), ("Add 9223372036854775807 1", "Add: the number doesn't fit 64 bits"),
        ("Mult 4611686018427387904 -4", "Mult: the number doesn't fit"), ("Div -9223372036854775808 -1", "Div: the number doesn't fit"),
        ('Add (ParseUint "18446744073709551615") 0', "Add: the number doesn't fit"), ("ParseInt 5", 'ParseInt: "s" must be text, not an integer'),
        ('ParseInt "1" "10"', 'ParseInt: "base" must be an integer'), ("ParseBool true", 'ParseBool: "s" must be text'), ("Add 1", "Add: "),
    ],
)  # fmt: skip
def test_errors_in_both_modes(action: str, message: str) -> None:
    for given in (facts(), LENIENT):
        with pytest.raises(TemplateError) as caught:
            render(f"{{{{repl {action} }}}}", given)
        assert caught.value.message.startswith(message)


def test_text_that_is_declared_a_number_counts_as_one() -> None:
    """Ship's own documentation adds license fields; in Ship that gave 0."""
    template = '{{repl Add (LicenseFieldValue "num_seats") 1 }} {{repl Mult (ConfigOption "ratio") 2 }}'
    assert render(template) == "51 1"
    assert render(template, LENIENT) == "0 0"


def test_an_error_hints_at_parsing() -> None:
    with pytest.raises(TemplateError) as caught:
        render('{{repl Add "2" 1 }}')
    assert caught.value.hint == "use ParseInt or ParseFloat"


def test_a_secret_is_not_shown() -> None:
    given = facts(options={"password": Option("password", "hunter2", secret=True)})
    for action in ("ParseInt", "ParseUint", "ParseFloat", "ParseBool", "Add 1", "HumanSize"):
        with pytest.raises(TemplateError) as caught:
            render(f'{{{{repl {action} (ConfigOption "password") }}}}', given)
        assert "hunter2" not in str(caught.value)


def test_unsigned_numbers_in_jinja() -> None:
    assert render('{{ ParseUint("7") + 1 }} {{ "ff" | ParseUint(16) }}') == "8 255"
