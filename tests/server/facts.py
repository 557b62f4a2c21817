"""Sessions as events, and what reports should say of them, worked out slowly."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from shipper.license.document import license_from
from shipper.server.ledger import record
from shipper.usage.events import Event, User
from shipper.usage.sessions import ended_id, seen_id, started_id
from shipper.usage.times import HOUR, MINUTE, instant
from tests.license.sample import payload

if TYPE_CHECKING:
    from shipper.license.document import License
    from shipper.storage.database import Database


class Told(NamedTuple):
    """A session as an operator tells of it; times in microseconds. Without `ended` it goes silent after `seen`."""

    name: str
    user: User
    started: int
    seen: tuple[int, ...] = ()
    ended: int | None = None
    ci: bool = False
    cluster: str = "eu"
    heartbeat_seconds: int = 60
    cluster_id: str = ""

    def events(self) -> list[Event]:
        """Its events."""
        operator = f"operator-{self.cluster_id or self.cluster}"
        return [
            Event(
                id=started_id(self.name),
                kind="session_started",
                operator=operator,
                cluster=self.cluster,
                cluster_id=self.cluster_id,
                time=instant(self.started),
                session=self.name,
                user=self.user,
                ci=self.ci,
                heartbeat_seconds=self.heartbeat_seconds,
                version="1.2.3",
            ),
            *(
                Event(
                    id=seen_id(self.name, seen),
                    kind="session_heartbeat",
                    operator=operator,
                    cluster=self.cluster,
                    time=instant(seen),
                    session=self.name,
                )
                for seen in self.seen
            ),
            *(
                Event(
                    id=ended_id(self.name),
                    kind="session_ended",
                    operator=operator,
                    cluster=self.cluster,
                    time=instant(ended),
                    session=self.name,
                )
                for ended in (self.ended,)
                if ended is not None
            ),
        ]


def license_of(
    limit: int = 10, unit: str = "user", window: str = "concurrent", overage: str = "deny", billing_day: int = 1
) -> License:
    """A license that counts seats in this way."""
    seats: dict[str, object] = {"limit": limit, "unit": unit, "window": window, "overage": overage}
    if window == "billing-month":
        seats["billing_day"] = billing_day
    return license_from(payload(seats=seats))


def denied(name: str, at: int, user: User, *, reason: str = "SEAT_LIMIT_REACHED", message: str = "no seat") -> Event:
    """A denial."""
    return Event(
        id=f"{name}:denied:{reason}",
        kind="session_denied",
        operator="operator-eu",
        cluster="eu",
        time=instant(at),
        session=name,
        user=user,
        reason=reason,
        message=message,
    )


def failed(name: str, at: int, message: str) -> Event:
    """An error of an operator."""
    return Event(
        id=name,
        kind="error",
        operator="operator-us",
        cluster="us",
        time=instant(at),
        message=message,
        version="9.9",
    )


def store(database: Database, events: list[Event], now: int) -> None:
    """Record events as the server does."""
    for first in range(0, len(events), 1000):
        part = events[first : first + 1000]
        database.write(lambda tx, part=part: record(tx, part, now)).result()  # type: ignore[misc]


def sessions(seed: int, count: int, now: int, days: int = 30) -> list[Told]:
    """Random sessions of a few users: some open, some silent, some that ended before they began, some of CI."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        started = now - chance.randrange(days * 24) * HOUR - chance.randrange(3600) * 1_000_000
        beats = [started + (beat + 1) * MINUTE for beat in range(chance.choice((0, 0, 1, 3)))]
        ended = chance.choice((None, started + chance.randrange(-HOUR, 5 * HOUR)))
        if ended is not None and ended > now:
            ended = None
        found.append(
            Told(
                f"session-{number:08}",
                User(
                    machine_id=chance.choice(("", "m1", "m2", "m3")),
                    username=chance.choice(("", "ann", "bob", "ann@example.com")),
                    client_hostname=chance.choice(("", "h1")),
                    client_username=chance.choice(("", "ann")),
                ),
                started,
                tuple(beat for beat in beats if beat <= now),
                ended,
                ci=chance.random() < 0.2,
                cluster=chance.choice(("eu", "us", "ap")),
                heartbeat_seconds=chance.choice((10, 60, 86_400)),
            )
        )
    return found
