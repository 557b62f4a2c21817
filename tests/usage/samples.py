"""Events of a small world: few sessions and people, so that they meet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import strategies as st

from shipper.license.document import License, Seats, license_from
from shipper.usage.events import Event, User
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND, instant, micros
from tests.license import sample

NOW = micros(datetime(2026, 11, 22, 12, tzinfo=UTC))
WINDOWS = ("concurrent", "rolling-days:1", "rolling-days:30", "billing-month")
USERS = (
    User(),
    User(username="ann"),
    User(username="ann", machine_id="m1"),
    User(username="bob", machine_id="m1", client_hostname="h1"),
    User(client_username="ann"),
    User(machine_id="m2", client_hostname="h2"),
    User(client_hostname="ann"),
)
# Around the ends of windows, the billing day and the clock
_EDGES = (NOW, NOW - DAY, NOW - 30 * DAY, NOW - 35 * DAY, micros(datetime(2026, 11, 1, tzinfo=UTC)), NOW + 5 * MINUTE)
times = st.one_of(
    st.builds(int.__add__, st.sampled_from(_EDGES), st.sampled_from((-SECOND, -1, 0, 1, SECOND))),
    st.integers(NOW - 36 * DAY, NOW + 10 * MINUTE),
    st.integers(NOW - HOUR, NOW + 10 * MINUTE),
)


def event(kind: str, at: int, session: str = "s", *, event_id: str = "", **fields: Any) -> Event:
    """An event of a session, well-formed."""
    plain = {
        "id": event_id or f"{session or 'operator'}:{kind}:{at}",
        "kind": kind,
        "operator": "operator-eu",
        "cluster": "eu",
        "time": instant(at),
        "session": session,
        **fields,
    }
    return msgspec.convert(plain, Event)


def session(at: int, user: User, name: str, *, lasts: int = 0, ended: bool = False, **fields: Any) -> list[Event]:
    """A session that starts at `at`, says so once more after `lasts`, and may end then."""
    found = [event("session_started", at, name, user=msgspec.to_builtins(user), **fields)]
    if lasts:
        found.append(event("session_heartbeat", at + lasts, name))
    return [*found, event("session_ended", at + lasts, name)] if ended else found


def license_of(**seats: Any) -> License:
    """A license without an end that counts seats so; without any, one that counts none."""
    counted = {"limit": 10, "unit": "user", "window": "concurrent", "overage": "deny"} | seats
    if counted["window"] == "billing-month":
        counted.setdefault("billing_day", 1)
    return license_from(sample.payload(seats=counted if seats else None, expires_at=None))


def seats_of(**seats: Any) -> Seats:
    """What such a license says about seats."""
    found = license_of(**({"limit": 10} | seats)).seats
    assert found is not None
    return found


@st.composite
def events(draw: st.DrawFn, most: int = 30) -> list[Event]:
    """Events in any order, some of them twice. Sessions start several times, end before they start, or never start."""
    kinds = ("session_started", "session_heartbeat", "session_ended")
    plain = st.fixed_dictionaries(
        {
            "kind": st.sampled_from((*kinds, *kinds, "operator_alive")),
            "at": times,
            "session": st.sampled_from("abcdef"),
            "cluster": st.sampled_from(("eu", "us")),
            "cluster_id": st.sampled_from(("", "uid-1", "uid-2")),
            "user": st.sampled_from(USERS).map(msgspec.to_builtins),
            "ci": st.booleans() if draw(st.booleans()) else st.just(value=False),
            "heartbeat_seconds": st.sampled_from((10, 60, 86_400)),
        }
    )
    once = [
        event(event_id=f"e{number}", **fields) for number, fields in enumerate(draw(st.lists(plain, max_size=most)))
    ]
    again = draw(st.lists(st.sampled_from(once), max_size=5)) if once else []
    return draw(st.permutations(once + again))
