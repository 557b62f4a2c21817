from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import LimitError
from shipper.kubernetes.typed import Places, documents, resolve
from shipper.template.escape.compare import NotYamlError, read_events
from tests import tools

PLAIN = [
    "y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "on", "On", "off", "OFF", "true", "True", "TRUE", "tRUE",
    "false", "~", "null", "Null", "NULL", "nULL", "0", "00", "017", "-017", "0777", "099", "08.5", "0o17", "0O17",
    "0x1F", "0X1f", "-0x1f", "+0x1f", "0x", "0b11", "-0b11", "0B1", "0b12", "1_000", "1__0", "_1", "0_7", "1_0.5",
    "0x_1", "1e3", "1E3", "1e", "1e+3", "1e999", "1.5e3", "2.0", "1.", "0.", ".5", "+.5", "-.5", "+1", "12:30:45",
    "2001-01-01", "2001-01-01T00:00:00Z", "99999999999999999999", "18446744073709551615", "9223372036854775808",
    "-9223372036854775809", "1.2.3", "v1", "a", "-a", "1a", "=", "0x1p4", "_", "190:20:30", "1,000", "5%", "0.1e-5",
]  # fmt: skip
TAGGED = (
    "!!str 5",
    '!!int "5"',
    "!!float 5",
    '!!bool "yes"',
    '!!null ""',
    "!foo 5",
    "! 5",
    "!!binary aGVsbG8=",
    "!!str",
)


def one(text: str) -> object:
    return next(documents(read_events(text))).data


@pytest.mark.usefixtures("kubectl")
def test_scalars_are_what_kubectl_reads() -> None:
    """Numbers are compared as JSON has them: 1e3 is 1000."""
    written = [*PLAIN, *TAGGED]
    lines = "".join(f"  v{number}: {text}\n" for number, text in enumerate(written))
    text = f"apiVersion: example.com/v1\nkind: X\nmetadata: {{name: a}}\nvalues:\n{lines}"
    theirs = tools.kubectl_read(text)[0]["values"]
    ours = one(text)["values"]  # type: ignore[index]  # a map
    for number, each in enumerate(written):
        a, b = ours[f"v{number}"], theirs[f"v{number}"]
        assert isinstance(a, str) == isinstance(b, str), each
        assert a == b or float(a) == float(b), each
        assert isinstance(a, bool) == isinstance(b, bool), each


@pytest.mark.usefixtures("kubectl")
def test_keys_and_merges_are_what_kubectl_reads() -> None:
    text = (
        "apiVersion: example.com/v1\nkind: X\nmetadata: {name: a}\n"
        "keys: {1: a, 1.5: b, true: c, yes2: d, 0x10: e, off: f, 1e3: g, 017: h, 2001-01-01: i}\n"
        "base: &m {a: 1, b: {c: [1, 2]}}\nmerge: {<<: *m, a: 3}\nsame: *m\n"
        "several: {<<: [{a: 1}, {a: 2, z: 3}]}\n"
    )
    assert tools.kubectl_read(text) == [one(text)]


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("a: .inf", ("a",), "JSON has no such number"),
        ("a: [1, .NaN]", ("a", 1), "JSON has no such number"),
        ("a: {null: 1}", ("a",), "a key is null"),
        ("a: {[x]: 1}", ("a",), "a key is text"),
        ("a: {b: 1, b: 2}", ("a", "b"), "twice"),
        ("a: {b: {c: 1, c: 2}}", ("a", "b", "c"), "twice"),
        ("a: !!int x", ("a",), "!!int"),
        ("a: *x", ("a",), "no anchor"),
        ("a: &a [*a]", ("a", 0), "no anchor"),
        ("a: {<<: 5}", ("a",), "merged"),
    ],
)
def test_what_kubectl_refuses_is_a_mistake(text: str, path: tuple[str | int, ...], words: str) -> None:
    (mistake,) = next(documents(read_events(text))).mistakes
    assert (mistake.path[: len(path)], words in mistake.message) == (path, True), mistake


def test_documents_that_are_empty_are_left_out() -> None:
    events = read_events("---\n# nothing\n---\na: 1\n---\n~\n---\n- b\n")
    assert [each.data for each in documents(events)] == [{"a": 1}, ["b"]]


def test_a_quoted_merge_key_is_a_key() -> None:
    assert one('{"<<": {a: 1}}') == {"<<": {"a": 1}}


def test_too_many_aliases_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 7)]
    with pytest.raises(LimitError):
        one("\n".join(lines))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("a",), "a"),
        (("b", 1, "c"), "c"),
        (("b", 1, "missing"), "c"),
        (("same", "x"), "x"),
        (("merged", "x"), "x"),
        (("merged", "own"), "own"),
        (("true",), "yes"),
    ],
)
def test_fields_are_located(path: tuple[str | int, ...], found: str) -> None:
    text = "a: 1\nb: [1, {c: 2}]\nbase: &base {x: 1}\nsame: *base\nmerged: {<<: *base, own: 2}\nyes: 3\n"
    events = read_events(text)
    first = next(documents(events)).first
    spot = Places(events, first).locate(path)
    at = events[spot.key] if spot.key >= 0 else events[spot.value + 1]
    assert text[at.start : at.end] == found


def test_a_merge_into_itself_ends() -> None:
    events = read_events("a: &a {<<: *a, b: 1}")
    assert Places(events, 1).locate(("a", "c")).key == 2


@given(st.text(max_size=200))
def test_any_yaml_is_read_or_refused(text: str) -> None:
    try:
        events = read_events(text)
    except (NotYamlError, LimitError):
        return
    for typed in documents(events):
        json.dumps(typed.data, allow_nan=False)


@given(st.from_regex(r"[-+]?[0-9._eExXoObB]{1,30}", fullmatch=True) | st.text("0123456789", min_size=1, max_size=500))
def test_numbers_are_finite_or_text(text: str) -> None:
    value = resolve(text)
    assert isinstance(value, str) or (isinstance(value, int | float) and (type(value) is int or math.isfinite(value)))
