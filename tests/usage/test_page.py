"""The examples of docs/usage.md are counted, and its tables say what the code does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from shipper.usage.decide import Code
from shipper.usage.events import NEEDED, Event, Kind
from shipper.usage.identity import RULES
from shipper.usage.seats import Seat, count_seats
from shipper.usage.times import micros
from tests.tools import REPOSITORY
from tests.usage.samples import event, seats_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (REPOSITORY / "docs" / "usage.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```text\n(license:.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def moment(date: str | None, clock: str) -> int:
    """An instant of 2026; without a date, of November 22."""
    return micros(datetime.fromisoformat(f"2026-{date or '11-22'}T{clock}").replace(tzinfo=UTC))


def fields(text: str) -> dict[str, Any]:
    pairs = dict(pair.split("=", 1) for pair in text.split())
    return {name: int(value) if value.isdigit() else value for name, value in pairs.items()}


def lines(example: str) -> Iterator[tuple[int, str]]:
    for line in example.splitlines()[1:]:
        found = re.fullmatch(r"(?:(\d\d-\d\d) )?(\d\d:\d\d(?::\d\d)?) +(.*)", line)
        assert found is not None, line
        yield moment(found[1], found[2]), found[3]


def told(at: int, said: str) -> Event:
    session, kind, *rest = said.split(" ", 2)
    given = fields(rest[0] if rest else "")
    user = {name: str(given.pop(name)) for name in RULES["user"] if name in given}
    return event(f"session_{kind}", at, session, user=user, **(given | ({"ci": True} if "ci" in given else {})))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_seats_of_an_example_are_those_that_are_counted(example: str) -> None:
    seats = seats_of(**fields(example.splitlines()[0].removeprefix("license:")))
    events = [told(at, said) for at, said in lines(example) if not said.startswith("→")]
    expected = [(at, said.removeprefix("→ ")) for at, said in lines(example) if said.startswith("→")]
    assert expected
    for at, names in expected:
        found = " ".join(seat.identity for seat in count_seats(events, seats, at).seats)
        assert (found or "nobody") == names, at


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("```text") >= 8


def test_every_kind_and_what_it_needs_is_in_the_table() -> None:
    for kind in get_args(Kind):
        (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{kind}`" in line]
        needed = NEEDED.get(kind)
        if needed:
            assert f"| `{needed}`" in row


def test_the_rules_are_in_their_order() -> None:
    for unit, rules in RULES.items():
        assert f"| `{unit}` | {', '.join(f'`{rule}`' for rule in rules)} |" in PAGE


def test_every_code_and_every_field_of_a_seat_is_explained() -> None:
    for code in get_args(Code):
        assert f"| `{code}` |" in PAGE
    for field in msgspec.structs.fields(Seat):
        assert f"`{field.name}`" in PAGE
