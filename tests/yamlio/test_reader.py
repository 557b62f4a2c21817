from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shipper import yamlio
from shipper.errors import LimitError, ShipperError, SpecError
from shipper.yamlio import Limits, Mapping, Scalar, Sequence
from shipper.yamlio import reader as reader_module

LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


def load(text: str | bytes, **limits: int) -> Any:
    return yamlio.load(text, "f", error=SpecError, limits=Limits(**limits))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n...\n", None),
        ("\ufeffa: 1\n", {"a": 1}),
        (b"\xef\xbb\xbfa: 1\n", {"a": 1}),
        ("a: b\rc: d\r", {"a": "b", "c": "d"}),
        ("a: |\r\n  x\r\n  y\r\n", {"a": "x\ny\n"}),
        ("1: a\ntrue: b\n", {"1": "a", "true": "b"}),
        (
            "[yes, no, on, off, y, 012, 1_000, 1:30, 2001-01-01]",
            ["yes", "no", "on", "off", "y", 12, "1_000", "1:30", "2001-01-01"],
        ),
        (
            "[0o17, 0x1F, -0x1, +5, .5, 1., 1e3, -.inf, +.INF, 1e-400]",
            [15, 31, "-0x1", 5, 0.5, 1.0, 1000.0, -math.inf, math.inf, 0.0],
        ),
        ("['1', \"true\", ! 12, ~, null, '']", ["1", "true", "12", None, None, ""]),
        ("- &a {x: [1]}\n- *a\n", [{"x": [1]}, {"x": [1]}]),
        ("? a\n: b\n", {"a": "b"}),
        ("a: x\u2028y\nb: x\u0085y\nc: 'x \u2029 y'\n", {"a": "x\u2028y", "b": "x\u0085y", "c": "x \u2029 y"}),
        ("a: |\n  x\u2028y\ue000\n", {"a": "x\u2028y\ue000\n"}),
    ],
)
def test_reads(text: str | bytes, value: object) -> None:
    assert load(text) == value


def test_aliased_data_is_not_shared() -> None:
    first, second = load("- &a [1]\n- *a\n")
    first.append(2)
    assert second == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 'f:3:1: duplicate key "a" (first in line 1)'),
        ("1: a\n'1': b\n", 'f:2:1: duplicate key "1" (first in line 1)'),
        ("x:\n  <<: {a: 1}\n", 'f:2:3: merge key "<<" is refused (write the keys out)'),
        ("? [a]\n: b\n", "f:1:3: a key must be a text, not a list, map or alias"),
        ("{a: 1}: b\n", "f:1:1: a key must be a text, not a list, map or alias"),
        ("- &a x\n- *a : b\n", "f:2:3: a key must be a text, not a list, map or alias"),
        ("a: !!str x\n", 'f:1:4: tag "tag:yaml.org,2002:str" is refused (leave the tag out)'),
        (
            "a: !!python/name:os.system\n",
            'f:1:4: tag "tag:yaml.org,2002:python/name:os.system" is refused (leave the tag out)',
        ),
        ("!x a: b\n", 'f:1:1: tag "!x" is refused (leave the tag out)'),
        ("a: !x [1]\n", 'f:1:4: tag "!x" is refused (leave the tag out)'),
        ("a: &a [*a]\n", 'f:1:8: anchor "a" holds itself'),
        ("a: *b\n", 'f:1:4: alias of an unknown anchor "b"'),
        ("a: b\n---\nc: d\n", "f:2:1: only one YAML document is expected"),
        ("a: \x00\n", "f:1:4: character U+0000 is not allowed in YAML (write it as an escape in a double-quoted text)"),
        (b"a: b\nc: \xff\n", "f:2:4: text is not UTF-8: byte 0xFF (save it as UTF-8)"),
        (b"\xff\xfea\x00", "f:1:1: text is UTF-16, not UTF-8 (save it as UTF-8)"),
        ("a: \ud800", "f: lone surrogate U+D800 is no character"),
        (
            "a: 1" + "0" * 10_000,
            "f:1:4: number of 10,001 characters is longer than the limit of 1,000 (quote it if it is text)",
        ),
        ("a: 1e999\n", "f:1:4: number is too large for a float (quote it if it is text)"),
        (
            "a:\n\tb: c\n",
            "f:2:1: no valid YAML: while scanning for the next token, found character that cannot start any token",
        ),
        ("😀: [\n", "f:1:5: no valid YAML: while parsing a flow node, did not find expected node content"),
    ],
)
def test_refuses(text: str | bytes, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "f:1:65: nested deeper than 64"),
        ("- " * 50_000, "f:1:129: nested deeper than 64"),
        ("{a: " * 50_000, "f:1:257: nested deeper than 64"),
        (LAUGHS, "f:7:10: more than 1,000,000 nodes"),
        ("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30, "f:2:34: nested deeper than 64"),
        ("- &a x\n" + "- *a\n" * 1_001, "f:1002:3: more than 1,000 aliases"),
    ],
)
def test_limits(text: str, message: str) -> None:
    with pytest.raises(LimitError) as caught:
        load(text)
    assert str(caught.value) == message


def test_limits_are_exact() -> None:
    assert load("[" * 64 + "]" * 64) is not None
    assert load("[1, 2]", max_nodes=3) == [1, 2]
    with pytest.raises(LimitError):
        load("[1, 2, 3]", max_nodes=3)
    assert load("a: b", max_bytes=4) == {"a": "b"}
    with pytest.raises(LimitError, match="5 bytes is larger than the limit of 4"):
        load("a: bc", max_bytes=4)


def test_merge_bomb_is_refused_at_its_first_merge() -> None:
    bomb = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n}\n  <<: [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    with pytest.raises(SpecError, match="merge key"):
        load(bomb)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 50_000,
        "{" * 100_000,
        "[" * 64 + "]" * 64,
        "? " * 50_000,
        "&a " * 50_000,
        "!" * 100_000,
        "a: " * 50_000,
    ],
)
def test_no_input_kills_the_process(text: str) -> None:
    code = (
        "import sys\nfrom shipper import yamlio\nfrom shipper.errors import ShipperError, SpecError\n"
        "try: yamlio.load(sys.stdin.read(), 'f', error=SpecError)\nexcept ShipperError: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_positions() -> None:
    root = yamlio.parse("é😀: &x [1, {b: 2}]\nc: *x\n", "f", error=SpecError)
    assert isinstance(root, Mapping)
    (key, items), (other, alias) = root.entries
    assert (key.text, key.line, key.column) == ("é😀", 1, 1)
    assert (other.line, other.column) == (2, 1)
    assert isinstance(items, Sequence)
    assert alias is items
    inner = items.items[1]
    assert isinstance(inner, Mapping)
    assert inner.position == ("f", 1, 12, "é😀: &x [1, {b: 2}]")
    assert (inner.key("b").line, inner.key("b").column) == (1, 13)


def test_secret_lines_are_not_shown() -> None:
    root = yamlio.parse("a: hunter2\n", "f", error=SpecError, secret=True)
    assert root.position == ("f", 1, 1, "")
    with pytest.raises(SpecError) as caught:
        yamlio.parse("a: [hunter2\n", "f", error=SpecError, secret=True)
    assert caught.value.position is not None
    assert "hunter2" not in repr(caught.value.position)


@pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])
@pytest.mark.parametrize(
    ("text", "style", "line", "column", "first", "second"),
    [
        ("a: |\n   x\n    y\n", "literal", 2, 4, (2, 4), (3, 4)),
        ("a: |2-\n    x\n   y\n", "literal", 2, 3, (2, 3), (3, 3)),
        ("a: &k !\n  | # note\n\n  b\n", "literal", 3, 3, (3, 3), (4, 3)),
        ("a: |\r\n  x\r\n  y\r\n", "literal", 2, 3, (2, 3), (3, 3)),
        ("a: |\n  x\u2028\n  y\n", "literal", 2, 3, (2, 3), (3, 3)),
        ("a: plain text # note\n", "flow", 1, 4, (1, 4), (1, 4)),
        ("a: &k plain text\n", "flow", 1, 7, (1, 7), (1, 7)),
        ('a: "quoted # text"\n', "flow", 1, 5, (1, 5), (1, 5)),
        ("a: 'x'\n", "flow", 1, 5, (1, 5), (1, 5)),
        ("a: ''''\n", "opaque", 1, 4, (1, 4), (1, 4)),
        ('a: "x\\ny"\n', "opaque", 1, 4, (1, 4), (1, 4)),
        ("a: x\n  y\n", "opaque", 1, 4, (1, 4), (1, 4)),
        ("a: >\n  x\n\n  y\n", "opaque", 1, 4, (1, 4), (1, 4)),
    ],
)
def test_origin(
    monkeypatch: pytest.MonkeyPatch,
    pure: bool,
    text: str,
    style: str,
    line: int,
    column: int,
    first: tuple[int, int],
    second: tuple[int, int],
) -> None:
    if pure:
        use_pure(monkeypatch)
    root = yamlio.parse(text, "f", error=SpecError)
    assert isinstance(root, Mapping)
    node = root.get("a")
    assert isinstance(node, Scalar)
    origin = node.origin
    assert (origin.style, origin.line, origin.column) == (style, line, column)
    assert origin.position(1, 1)[1:3] == first
    assert origin.position(2, 1)[1:3] == second
    assert origin.position(1, 1).text == text.replace("\r", "").split("\n")[first[0] - 1]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n {}%"), max_size=60))
def test_a_literal_origin_finds_every_character(text: str) -> None:
    written = "k: |2-\n" + "".join(f"  {line}\n" for line in text.split("\n"))
    root = yamlio.parse(written, "f", error=SpecError)
    assert isinstance(root, Mapping)
    node = root.get("k")
    assert isinstance(node, Scalar)
    assert node.text == text.rstrip("\n")
    lines = written.split("\n")
    if not node.text.strip(" \n"):
        return
    for number, line in enumerate(node.text.split("\n"), start=1):
        for offset, char in enumerate(line, start=1):
            place = node.origin.position(number, offset)
            assert lines[place.line - 1][place.column - 1] == char


def use_pure(monkeypatch: pytest.MonkeyPatch) -> None:
    from shipper.yamlio.pure import PureParser

    monkeypatch.setattr(reader_module, "event_parser", PureParser)


@pytest.mark.parametrize("text", ['a: "\\ud800"', 'a: "\\UFFFFFFFF"', 'a: "\\U00110000"', "a: \x00", "[" * 1000])
def test_pure_parser_refuses_the_same(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(ShipperError):
        load(text)
    use_pure(monkeypatch)
    with pytest.raises(ShipperError):
        load(text)


def refusal(data: str | bytes) -> ShipperError | None:
    """The documented error that `data` gives, if any; whatever else is raised fails the test."""
    try:
        yamlio.load(data, "f", error=SpecError)
    except (SpecError, LimitError) as problem:
        return problem
    return None


SNIPPETS = st.sampled_from(
    [
        "a: ",
        "- ",
        "? ",
        ": ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "|",
        ">",
        "|2-",
        "'",
        '"',
        "&a ",
        "*a",
        "!!int ",
        "! ",
        "!<",
        "%YAML 1.2",
        "---",
        "...",
        "\n",
        "\r",
        "  ",
        "\t",
        "#",
        "<<: ",
        "\\u",
        "\\x",
        "\ufeff",
        "\u2028",
        "\x85",
        "\ue000",
        "0x",
        "1e999",
        "~",
        "\x00",
        "😀",
        "@",
        "`",
    ]
)


@settings(max_examples=500)
@given(st.lists(SNIPPETS | st.text(max_size=3), max_size=30).map("".join))
@example("a: &a\n")
@example("%TAG ! tag:x\n--- !a\n")
def test_only_documented_errors_leave(text: str) -> None:
    problem = refusal(text)
    assert problem is None or problem.position is not None


@given(st.binary(max_size=60))
def test_only_documented_errors_leave_for_bytes(data: bytes) -> None:
    problem = refusal(data)
    assert problem is None or problem.position is not None


SAFE_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=12)
DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | SAFE_TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(SAFE_TEXT, children, max_size=4),
    max_leaves=20,
)


@given(DATA)
def test_agrees_with_json(data: object) -> None:
    compact = json.dumps(data)
    assert yamlio.load_json(compact, "f", error=SpecError) == data


@given(DATA)
def test_agrees_with_safe_load(data: object) -> None:
    """Single-quoted and double-quoted texts mean the same in YAML 1.1 and 1.2, and so do these numbers."""
    if not ambiguous(data):
        text = yaml.safe_dump(data, allow_unicode=True)
        assert yamlio.load(text, "f", error=SpecError) == yaml.safe_load(text) == data


def ambiguous(data: object) -> bool:
    """Whether PyYAML writes some text of `data` in a way that YAML 1.2 reads as something else (``1e5``)."""
    if isinstance(data, str):
        return yamlio.load(yaml.safe_dump(data), "f", error=SpecError) != data
    if isinstance(data, list):
        return any(map(ambiguous, data))
    if isinstance(data, dict):
        return any(map(ambiguous, data)) or any(map(ambiguous, data.values()))
    return False
