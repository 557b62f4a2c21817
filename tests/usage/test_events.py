"""Which events are taken, and which aren't."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shipper.usage.events import Event, fault
from shipper.usage.grants import Claim
from shipper.usage.sessions import denied_id, ended_id, seen_id, started_id
from shipper.usage.times import instant, micros

PLAIN = {
    "id": "e-1",
    "kind": "session_started",
    "operator": "op",
    "cluster": "eu",
    "time": "2026-11-22T12:00:00Z",
    "session": "s",
}


def read(**changes: Any) -> Event:
    return msgspec.json.decode(msgspec.json.encode(PLAIN | changes), type=Event)


def test_an_event_of_a_user_about_whom_nothing_is_known_is_fine() -> None:
    event = read()
    assert fault(event) is None
    assert (event.user.username, event.ci, event.heartbeat_seconds) == ("", False, 60)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("session_started", "session"),
        ("session_heartbeat", "session"),
        ("session_ended", "session"),
        ("session_denied", "reason"),
        ("error", "message"),
    ],
)
def test_a_kind_needs_what_it_is_about(kind: str, missing: str) -> None:
    whole = {"session": "s", "reason": "SEAT_LIMIT_REACHED", "message": "what happened"}
    assert fault(read(kind=kind, **whole)) is None
    assert fault(read(kind=kind, **(whole | {missing: ""}))) == f'an event of kind "{kind}" needs "{missing}"'


@pytest.mark.parametrize("kind", ["operator_started", "operator_alive"])
def test_an_operator_needs_no_session(kind: str) -> None:
    assert fault(read(kind=kind, session="", version="1.2.3")) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "e\n"},
        {"id": "é"},
        {"id": "a" * 201},
        {"kind": "session_paused"},
        {"operator": ""},
        {"operator": "a b"},
        {"cluster": ""},
        {"cluster": "eu\0"},
        {"cluster": "eu\n"},
        {"session": "s\n"},
        {"session": "\n"},
        {"time": "2026-11-22T12:00:00"},
        {"time": "yesterday"},
        {"time": 1_700_000_000},
        {"user": {"username": "a\0b"}},
        {"user": {"username": "a\n"}},
        {"user": {"username": "a" * 257}},
        {"user": {"name": "ann"}},
        {"heartbeat_seconds": 0},
        {"heartbeat_seconds": 86_401},
        {"message": "a\0b"},
        {"ci": "yes"},
        {"licence": "x"},
    ],
)
def test_odd_fields_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(**changes)


def test_half_a_character_is_refused() -> None:
    for half in (b"\\ud800", b"\\udc00"):
        body = msgspec.json.encode(PLAIN | {"cluster": "X"}).replace(b'"X"', b'"%b"' % half)
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(body, type=Event)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59"])
def test_times_at_the_ends_of_the_calendar_are_instants(time: str) -> None:
    assert isinstance(micros(read(time=time).time), int)


def test_time_zones_and_fractions_are_kept() -> None:
    assert micros(read(time="2026-11-22T13:00:00.000001+01:00").time) == micros(read().time) + 1
    assert instant(micros(read().time)) == read().time


def test_ids_made_from_the_longest_session_are_ids() -> None:
    session = "s" * 128
    claim = Claim(id=session, operator="op", cluster="eu")
    made = [
        started_id(session),
        ended_id(session),
        seen_id(session, 2**62),
        denied_id(session, "LICENSE_NOT_YET_VALID"),
    ]
    assert [read(id=each).id for each in made] == made
    assert msgspec.json.decode(msgspec.json.encode(claim), type=Claim) == claim


@pytest.mark.parametrize("session", ["short", "s" * 129, "s" * 16 + "\n", "ü" * 16, "-" + "s" * 16])
def test_a_session_of_a_claim_has_an_id_that_is_hard_to_guess(session: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": session, "operator": "op", "cluster": "eu"}, Claim)
