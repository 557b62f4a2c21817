"""What layouts write is what the long way writes: for random templates and values, and where it once was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.context.values import Author, Printed, Source, TypedText, YamlText, scalar_text
from shipper.errors import ShipperError
from shipper.template import escape
from shipper.template.escape import escape_yaml
from shipper.template.escape.compare import read_events
from shipper.template.escape.layouts import LONGEST_VALUE, Layouts

if TYPE_CHECKING:
    from shipper.context.values import Piece
    from shipper.template.escape.compare import Event

SOURCE = Source(None, 0)
DOCUMENTS = [
    'metadata: {name: app, tier: "@"}\nspec:\n  replicas: @\n  image: "x/y:@"\n',
    "a:\n  - @\n  - b @ c\n  - '@'\n  - \"@ x\"\nb: [@, @]\n",
    "a: | # @\n  x @\nb: >- # @\n  @\n",
    "note: |\n  @\n  foo @\nfolded: >-\n  x @\n\n  @\nb: @  # @\n",
    "# c @\na: @-b\nc: 80@\nd: {e: @, f: x@y}\n",
    "- @: 1\n- a: @\n- ? @\n  : @\n",
    '{"a": @, "b": ["@"]}\n',
    "--- @\n...\n---\n- @\n",
    "a: &q @\nb: *q\nc: !!str @\n",
    "a: @:@\nb: @/@@@\n",
    "a: b\n  @ c\n  d\n",
    "a: [\n @,\n @ # @\n]\n",
    "url: http://@:@/@\n",
    "a: .@\nb: -@\nc: 0x@\nd: @e5\n",
    "a: @\n\n@\nb: 1\n",
    "a: @\n  # @\nb: c\n",
    "@\n",
]
# Text that means something to YAML somewhere, put where it may or may not fit
FRAGMENTS = ["\n", "\n  ", "- ", "{", "}", "[", "]", ", ", ": ", '"', "'", "|\n  ", " # ", "&x ", "? ", "---\n", "...", "\\", "Zq", "\t", "w", ":", "-", "é", "\u2028"]  # fmt: skip
WORDS = [
    "a", "web-1", "Customer 1 Ltd", "10.0.0.1:8080", "true", "no", "", "x:", "-x", "- a", "#", "a #b", "a: b", "\n",
    "a\nb", " a", "a ", "Müller GmbH", '"', "'", "\\", "{", "a,b", "[x]", "&a", "*a", "%", "@x", "|", ">", "?", ":a",
    "0x1F", "1e5", "12:30:45", "2001-01-01", "~", ".", "...", "---", "--", "=", "<<", "Zq", "Zqa", "Zqqqa", "a\tb",
    "\u2028", "\ufeff", "x" * 128, "x" * 129, "https://a.b/c", "+1", "1_000", ".5", "-1", ".inf", "on", "a?b", "\U0001f600",
]  # fmt: skip

texts = st.sampled_from(WORDS) | st.text("abcXYZ019 _-./:@#é,'\"\n", max_size=8)
values = st.one_of(
    texts,
    st.integers(-100, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.builds(TypedText, texts | st.sampled_from(["5", "-7", "1.5"]), st.sampled_from(["integer", "boolean", "string"]), st.just("x")),
    st.sampled_from(["1", '"a"', "[1, 2]", "{a: b}", "a: b\nc: d"]).map(YamlText),
)  # fmt: skip


@st.composite
def templates(draw: st.DrawFn) -> list[str | None]:
    """Author's text, and None where a value goes."""
    parts: list[str | None] = []
    for number, part in enumerate(draw(st.sampled_from(DOCUMENTS)).split("@")):
        parts += [None, part] if number else [part]
    for fragment in draw(st.lists(st.sampled_from(FRAGMENTS), max_size=2)):
        parts.insert(draw(st.integers(0, len(parts))), fragment)
    return parts


def printed(value: object, indent: int = 0) -> Printed:
    return Printed(value, scalar_text(value), SOURCE, indent)


def pieces(template: list[str | None], given: list[Printed]) -> list[Piece]:
    following = iter(given)
    return [next(following) if part is None else Author(part, SOURCE) for part in template]


def outcome(given: list[Piece], known: Layouts | None = None) -> str | tuple[str, str]:
    try:
        return escape_yaml(given, layouts=known)
    except ShipperError as error:
        return type(error).__name__, error.message


@settings(max_examples=600)
@given(templates(), st.sampled_from([0, 0, 2]), st.booleans(), st.data())
def test_a_known_layout_changes_nothing(
    template: list[str | None], indent: int, opens: bool, data: st.DataObject
) -> None:
    known = Layouts()
    count = template.count(None)
    for _ in range(4):
        drawn = data.draw(st.lists(values, min_size=count, max_size=count))
        given = pieces(template, [printed(value, indent)._replace(open=opens) for value in drawn])
        assert outcome(given, known) == outcome(given)


SHORT = {
    "a: @\nb: 1\n": {"web-1", "Customer 1 Ltd", "Müller GmbH", "10.0.0.1:8080", 5, True, "a: b", "", "it's"},
    "a: [@, x]\n": {"web-1", 5, True},
    "a: '@'\n": {"web-1", "Customer 1 Ltd", "Müller GmbH", "10.0.0.1:8080", 5, True},
    "a: x @ y\n": {"web-1", "Customer 1 Ltd", "Müller GmbH", "10.0.0.1:8080", 5, True},
    "a: [x @ y]\n": {"web-1", "Customer 1 Ltd", "Müller GmbH", 5, True},
    "a: |\n  @\n": {"web-1", "Customer 1 Ltd", "Müller GmbH", "10.0.0.1:8080", 5, True, ""},
    "a: 1 # @\n": {"web-1", "Customer 1 Ltd", "Müller GmbH", "10.0.0.1:8080", 5, True},
}


@pytest.mark.parametrize("template", SHORT)
def test_what_goes_the_short_way(template: str) -> None:
    before, after = template.split("@")
    parts: list[str | None] = [before, None, after]
    known = Layouts()
    escape_yaml(pieces(parts, [printed("first")]), layouts=known)
    # An empty value makes a layout of its own
    outcome(pieces(parts, [printed("")]), known)
    short = set()
    for value in ("web-1", "Customer 1 Ltd", "Müller GmbH", "10.0.0.1:8080", 5, True, "a: b", "", "it's"):
        given = pieces(parts, [printed(value)])
        written, _ = known.write(given)
        if written is not None:
            assert written == escape_yaml(given)
            short.add(value)
    assert short == SHORT[template]


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("@\n\t", "a]"),  # a plain scalar takes the tab along, behind a quoted one it is refused
        ("a: @\n  \t# x\n", "a b"),
        ("a: {b: @}\n", "a b"),
        ("@: 1\n", "x"),
        ("a: @\n", "x" * (LONGEST_VALUE + 1)),
        ("a: '@'\n", "it's"),
        ("a: x @\n", "#"),
        ("a: x @\n", "a "),
        ("a: 0x@\n", "1F"),
        ("a: &x @\nb: *x\n", "c"),
    ],
)
def test_what_needs_a_closer_look_gets_it(template: str, value: str) -> None:
    before, after = template.split("@")
    parts: list[str | None] = [before, None, after]
    known = Layouts()
    outcome(pieces(parts, [printed("first")]), known)
    given = pieces(parts, [printed(value)])
    assert known.write(given)[0] is None
    assert outcome(given, known) == outcome(given)


def test_one_piece_in_two_places_is_no_tie_between_them() -> None:
    known = Layouts()
    same = printed("a")
    parts: list[str | None] = ["x: ", None, "\ny: ", None, "\n"]
    assert escape_yaml(pieces(parts, [same, same]), layouts=known) == "x: a\ny: a\n"
    assert escape_yaml(pieces(parts, [printed("b"), printed("c")]), layouts=known) == "x: b\ny: c\n"


def test_an_empty_value_alone_on_its_line_makes_another_layout() -> None:
    known = Layouts()
    parts: list[str | None] = ["x: 1\n", None, "\ny: ", None, "\n"]
    for first, second in [("# c", "a"), ("", "b"), ("z: 2", "d"), ("", "")]:
        given = pieces(parts, [printed(YamlText(first)) if first else printed(""), printed(second)])
        assert outcome(given, known) == outcome(given)


def test_errors_are_found_each_time() -> None:
    known = Layouts()
    parts: list[str | None] = ["a: ", None, "\na: 2\n"]
    for value in ("x", "y"):
        assert outcome(pieces(parts, [printed(value)]), known) == (
            "TemplateError", 'the key "a" stands twice in one mapping of the rendered text',
        )  # fmt: skip


def test_what_is_known_is_bounded() -> None:
    known = Layouts(most=2_000)
    for number in range(100):
        escape_yaml([Author(f"a{number}: ", SOURCE), printed("x"), Author("\n", SOURCE)], layouts=known)
        assert known.size <= 2_000
    assert 0 < len(known._known) < 30


def test_nothing_need_be_remembered_to_spare_the_second_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Layouts(most=0)
    reads: list[str] = []

    def read(text: str) -> list[Event]:
        reads.append(text)
        return read_events(text)

    monkeypatch.setattr(escape, "read_events", read)
    given = pieces(["a: ", None, "\n"], [printed("x")])
    assert outcome(given, known) == outcome(given, known) == "a: x\n"
    assert [text.count("Z") for text in reads] == [1, 1]
    assert known._known == {}
