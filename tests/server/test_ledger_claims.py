"""Claims, heartbeats and ends: decided in one transaction, and recorded with it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shipper.license.document import license_from
from shipper.server import ledger
from shipper.server.ledger import Granted
from shipper.serving.problems import ProblemError
from shipper.storage.open import open_database
from shipper.usage.decide import Denied
from shipper.usage.events import Event, User
from shipper.usage.grants import Claim
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND, instant
from tests.license import sample
from tests.server import ledgers
from tests.usage.samples import NOW, event, license_of, session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.license.document import License
    from shipper.storage.database import Database

TWO = license_of(limit=2)


def asked(name: str, who: str = "", **fields: Any) -> Claim:
    plain = {
        "id": f"session-of-{name:0>8}",
        "operator": "operator-eu",
        "cluster": "eu",
        "user": {"username": who or name},
    }
    return msgspec.convert(plain | fields, Claim)


def claim(database: Database, claim: Claim, license: License | None = TWO, now: int = NOW) -> Granted | Denied:
    return database.write(lambda tx: ledger.claim(tx, claim, license, now, now)).result()


def beat(database: Database, name: str, license: License = TWO, now: int = NOW) -> Granted | Denied | None:
    return database.write(lambda tx: ledger.heartbeat(tx, name, license, now, now)).result()


def end(database: Database, name: str, now: int = NOW) -> bool:
    return database.write(lambda tx: ledger.end(tx, name, now)).result()


def used(database: Database, license: License = TWO, now: int = NOW) -> int:
    return database.read(lambda tx: ledger.current_seats(tx, license, now)).result().used


def kinds(database: Database) -> list[str]:
    return [row[0] for row in database.read(lambda tx: tx.execute("SELECT kind FROM events ORDER BY id")).result()]


def granted(verdict: Granted | Denied | None) -> Granted:
    assert isinstance(verdict, Granted)
    return verdict


def code(verdict: Granted | Denied | None) -> str:
    assert isinstance(verdict, Denied)
    return verdict.code


def test_a_claim_is_granted_with_its_seat_and_recorded(emptied: Database) -> None:
    grant, created = granted(claim(emptied, asked("ann")))
    assert created
    assert msgspec.to_builtins(grant) == {
        "id": "session-of-00000ann",
        "granted_at": "2026-11-22T12:00:00Z",
        "expires_at": "2026-11-22T12:03:00Z",
        "heartbeat_seconds": 60,
        "seat": {
            "unit": "user",
            "identity": "ann",
            "rule": "username",
            "used": 1,
            "limit": 2,
            "allowed": 2,
            "free": 1,
            "new": True,
        },
    }
    (event,) = ledgers.stored(emptied)
    assert (event.id, event.kind, event.time) == ("session-of-00000ann:started", "session_started", instant(NOW))
    contact = emptied.read(lambda tx: tx.execute("SELECT cluster, last_contact FROM operators")).result()
    assert contact == [("eu", NOW)]


def test_the_same_claim_again_is_granted_again(emptied: Database) -> None:
    claim(emptied, asked("ann"))
    again = granted(claim(emptied, asked("ann"), now=NOW + SECOND))
    assert not again.created
    assert again.grant.granted_at == instant(NOW)
    assert again.grant.seat is not None
    assert (again.grant.seat.used, again.grant.seat.new) == (1, False)
    assert used(emptied) == 1


@pytest.mark.parametrize(
    "changes",
    [{"user": {"username": "bob"}}, {"ci": True}, {"operator": "x"}, {"cluster": "x"}, {"heartbeat_seconds": 61}],
)
def test_another_claim_with_the_same_id_is_refused(emptied: Database, changes: dict[str, Any]) -> None:
    claim(emptied, asked("ann"))
    with pytest.raises(ProblemError) as refused:
        claim(emptied, asked("ann", **changes))
    assert (refused.value.status, refused.value.code) == (409, "SESSION_EXISTS")
    assert kinds(emptied) == ["session_started"]


def test_the_same_claim_once_the_id_of_the_cluster_is_known(emptied: Database) -> None:
    first = granted(claim(emptied, asked("ann")))
    again = granted(claim(emptied, asked("ann", cluster_id="uid-1")))
    assert again.grant.id == first.grant.id
    assert not again.created


def test_seats_say_clusters_of_one_name_apart(emptied: Database) -> None:
    claim(emptied, asked("ann", cluster_id="1111aaaa-x"))
    claim(emptied, asked("ann2", "ann", cluster_id="2222bbbb-y"))
    claim(emptied, asked("bob", cluster_id="1111aaaa-x"))
    table = emptied.read(lambda tx: ledger.current_seats(tx, TWO, NOW)).result()
    assert [(seat.identity, seat.clusters) for seat in table.seats] == [
        ("ann", ["eu (1111aaaa)", "eu (2222bbbb)"]),
        ("bob", ["eu (1111aaaa)"]),
    ]


def test_a_full_license_denies_and_the_denial_is_recorded(emptied: Database) -> None:
    for name in ("ann", "bob"):
        claim(emptied, asked(name))
    denied = claim(emptied, asked("cid"))
    assert code(denied) == "SEAT_LIMIT_REACHED"
    (event,) = [each for each in ledgers.stored(emptied) if each.kind == "session_denied"]
    assert (event.reason, event.user, event.session) == (
        "SEAT_LIMIT_REACHED",
        User(username="cid"),
        "session-of-00000cid",
    )
    assert isinstance(denied, Denied)
    assert event.message == denied.detail
    # The same session again is the same denial, another one is one more
    claim(emptied, asked("cid"))
    claim(emptied, asked("cid2", "cid"))
    assert kinds(emptied).count("session_denied") == 2
    assert used(emptied) == 2


def test_who_holds_a_seat_may_start_more_sessions(emptied: Database) -> None:
    for name in ("ann", "bob"):
        claim(emptied, asked(name))
    more = granted(claim(emptied, asked("ann2", "ann", cluster="us")))
    assert more.grant.seat is not None
    assert (more.grant.seat.used, more.grant.seat.new, more.grant.seat.free) == (2, False, 0)


def test_ci_needs_no_seat_and_takes_none(emptied: Database) -> None:
    grant = granted(claim(emptied, asked("ann", ci=True), license_of(limit=0))).grant
    assert grant.seat is None
    assert used(emptied) == 0


@pytest.mark.parametrize("window", ["concurrent", "rolling-days:30", "billing-month"])
def test_a_seat_frees_by_the_window(emptied: Database, window: str) -> None:
    license = license_of(limit=1, window=window)
    claim(emptied, asked("ann"), license)
    end(emptied, asked("ann").id, NOW + MINUTE)
    later = claim(emptied, asked("bob"), license, NOW + 2 * MINUTE)
    if window == "concurrent":
        granted(later)
    else:
        assert code(later) == "SEAT_LIMIT_REACHED"
        granted(claim(emptied, asked("bob2", "bob"), license, NOW + 40 * DAY))


def test_a_denial_says_when_the_next_seat_is_free(emptied: Database) -> None:
    for window, when in (("rolling-days:30", "2026-12-22T12:00:00Z"), ("billing-month", "2026-12-01T00:00:00Z")):
        ledgers.clear(emptied)
        license = license_of(limit=1, window=window)
        claim(emptied, asked("ann"), license)
        denied = claim(emptied, asked("bob"), license)
        assert isinstance(denied, Denied)
        assert when in denied.detail


def test_overage_that_warns_grants_with_a_warning(emptied: Database) -> None:
    license = license_of(limit=1, overage="warn")
    assert granted(claim(emptied, asked("ann"), license)).grant.warning == ""
    grant = granted(claim(emptied, asked("bob"), license)).grant
    assert "2 of 1" in grant.warning
    assert grant.seat is not None
    assert (grant.seat.used, grant.seat.allowed, grant.seat.free) == (2, None, 0)


def test_a_license_without_seats_counts_but_limits_nobody(emptied: Database) -> None:
    for number in range(5):
        seat = granted(claim(emptied, asked(f"u{number}"), license_of())).grant.seat
        assert seat is not None
        assert (seat.used, seat.limit, seat.free) == (number + 1, None, None)


def test_expiry_is_judged_by_the_highest_time_seen(emptied: Database) -> None:
    license = license_from(sample.payload(expires_at="2026-11-01T00:00:00Z", grace_days=0))
    before = NOW - 30 * DAY
    granted(claim(emptied, asked("ann"), license, before))
    denied = emptied.write(lambda tx: ledger.claim(tx, asked("bob"), license, before, NOW)).result()
    assert code(denied) == "LICENSE_EXPIRED"


def test_no_license_denies(emptied: Database) -> None:
    assert code(claim(emptied, asked("ann"), None)) == "NO_LICENSE"
    assert kinds(emptied) == ["session_denied"]


def test_a_heartbeat_answers_with_the_full_grant(emptied: Database) -> None:
    claim(emptied, asked("ann"))
    grant = granted(beat(emptied, asked("ann").id, now=NOW + MINUTE)).grant
    assert grant.expires_at == instant(NOW + 4 * MINUTE)
    assert grant.granted_at == instant(NOW)
    assert grant.seat is not None
    assert grant.seat.identity == "ann"
    assert sorted(kinds(emptied)) == ["session_heartbeat", "session_started"]


def test_unknown_sessions_have_no_heartbeat_and_no_end(emptied: Database) -> None:
    assert beat(emptied, "session-unknown") is None
    assert not end(emptied, "session-unknown")
    ledgers.record(emptied, [event("session_heartbeat", NOW, "session-without-start")], NOW)
    assert beat(emptied, "session-without-start") is None
    assert not end(emptied, "session-without-start")


def test_an_ended_session_stays_ended(emptied: Database) -> None:
    claim(emptied, asked("ann"))
    for _ in range(2):
        assert end(emptied, asked("ann").id, NOW + MINUTE)
    with pytest.raises(ProblemError) as refused:
        beat(emptied, asked("ann").id)
    assert (refused.value.status, refused.value.code) == (410, "SESSION_ENDED")
    with pytest.raises(ProblemError) as refused:
        claim(emptied, asked("ann"))
    assert (refused.value.status, refused.value.code) == (410, "SESSION_ENDED")
    assert sorted(kinds(emptied)) == ["session_ended", "session_started"]
    assert used(emptied, now=NOW + MINUTE) == 0


def test_a_claim_for_a_session_whose_end_came_first_is_refused(emptied: Database) -> None:
    ledgers.record(emptied, [event("session_ended", NOW - 1, asked("ann").id)], NOW)
    with pytest.raises(ProblemError) as refused:
        claim(emptied, asked("ann"))
    assert refused.value.code == "SESSION_ENDED"


def test_a_session_known_by_heartbeats_alone_is_claimed(emptied: Database) -> None:
    ledgers.record(emptied, [event("session_heartbeat", NOW + MINUTE, asked("ann").id)], NOW)
    grant, created = granted(claim(emptied, asked("ann")))
    assert created
    assert grant.expires_at == instant(NOW + 4 * MINUTE)


def test_a_silent_session_is_decided_again(emptied: Database) -> None:
    license = license_of(limit=1)
    claim(emptied, asked("ann"), license)
    later = NOW + 3 * MINUTE
    granted(claim(emptied, asked("bob"), license, later))
    assert code(beat(emptied, asked("ann").id, license, later)) == "SEAT_LIMIT_REACHED"
    assert code(claim(emptied, asked("ann"), license, later)) == "SEAT_LIMIT_REACHED"
    assert used(emptied, license, later) == 1
    end(emptied, asked("bob").id, later)
    assert granted(beat(emptied, asked("ann").id, license, later)).grant.seat is not None
    assert used(emptied, license, later) == 1


def test_an_open_session_goes_on_whatever_the_limit_is_now(emptied: Database) -> None:
    for name in ("ann", "bob"):
        claim(emptied, asked(name))
    grant = granted(beat(emptied, asked("ann").id, license_of(limit=1))).grant
    assert "2 of 1" in grant.warning


def test_an_expired_license_ends_open_sessions_at_their_next_heartbeat(emptied: Database) -> None:
    claim(emptied, asked("ann"))
    expired = license_from(sample.payload(expires_at="2026-11-01T00:00:00Z", grace_days=0))
    for second in range(3):
        assert code(beat(emptied, asked("ann").id, expired, NOW + second)) == "LICENSE_EXPIRED"
    assert kinds(emptied).count("session_denied") == 1


def test_what_an_operator_spooled_without_an_answer_is_the_same_event(emptied: Database) -> None:
    claim(emptied, asked("ann"))
    spooled = event("session_started", NOW - 1, asked("ann").id, event_id=f"{asked('ann').id}:started")
    assert ledgers.record(emptied, [spooled], NOW).duplicate == [spooled.id]
    end(emptied, asked("ann").id)
    spooled = event("session_ended", NOW - 1, asked("ann").id, event_id=f"{asked('ann').id}:ended")
    assert ledgers.record(emptied, [spooled], NOW).duplicate == [spooled.id]


@pytest.mark.parametrize("kind", ["error", "session_ended"])
def test_a_session_ends_though_something_else_has_the_id_of_that_event(emptied: Database, kind: str) -> None:
    name = asked("ann").id
    ledgers.record(emptied, [event(kind, NOW, "another", event_id=f"{name}:ended", message="m")], NOW)
    claim(emptied, asked("ann"))
    assert end(emptied, name, NOW + 1)
    assert used(emptied, now=NOW + 1) == 0
    assert end(emptied, name, NOW + 2)


def test_an_id_whose_start_is_something_else_is_refused(emptied: Database) -> None:
    ledgers.record(emptied, [event("operator_alive", NOW, "", event_id=f"{asked('ann').id}:started")], NOW)
    with pytest.raises(ProblemError) as refused:
        claim(emptied, asked("ann"))
    assert refused.value.code == "SESSION_EXISTS"
    assert used(emptied) == 0


@pytest.mark.parametrize("jump", [HOUR, -HOUR, -30 * DAY, 3650 * DAY])
def test_a_clock_that_jumps_gives_no_seat_twice_and_no_negative_time(emptied: Database, jump: int) -> None:
    for name in ("ann", "bob"):
        claim(emptied, asked(name))
    then = NOW + jump
    if jump < 0:
        assert code(claim(emptied, asked("cid"), now=then)) == "SEAT_LIMIT_REACHED"
    for name in ("ann", "bob"):
        granted(beat(emptied, asked(name).id, now=then))
        assert end(emptied, asked(name).id, then + SECOND)
    assert used(emptied, now=then + SECOND) == 0
    granted(claim(emptied, asked("cid"), now=then + SECOND))
    rows = emptied.read(
        lambda tx: tx.execute("SELECT id FROM sessions WHERE over < started OR last_active < started")
    ).result()
    assert rows == []
    ledgers.assert_fold_is_replay(emptied, [TWO], [NOW, then, then + SECOND])


@pytest.fixture
def replicas(database_url: str) -> Iterator[list[Database]]:
    """One SQLite database, or two replicas on one Postgres."""
    opened = [open_database(database_url) for _ in range(1 if database_url.startswith("sqlite") else 2)]
    try:
        yield opened
    finally:
        for database in opened:
            database.close()


def test_of_64_claims_at_once_exactly_10_get_the_10_seats(replicas: list[Database]) -> None:
    license = license_of(limit=10)
    together = threading.Barrier(64)

    def ask(number: int) -> Granted | Denied:
        claimed = asked(f"u{number}", operator=f"operator-{number % 4}", cluster=f"cluster-{number % 4}")
        together.wait(30)
        return claim(replicas[number % len(replicas)], claimed, license)

    with ThreadPoolExecutor(64) as pool:
        verdicts = list(pool.map(ask, range(64)))
    assert sum(isinstance(verdict, Granted) for verdict in verdicts) == 10
    assert {code(verdict) for verdict in verdicts if isinstance(verdict, Denied)} == {"SEAT_LIMIT_REACHED"}
    assert used(replicas[0], license) == 10
    seats = sorted(
        verdict.grant.seat.used for verdict in verdicts if isinstance(verdict, Granted) and verdict.grant.seat
    )
    assert seats == list(range(1, 11))
    assert kinds(replicas[0]).count("session_denied") == 54


def test_nobody_is_denied_while_a_seat_is_free(replicas: list[Database]) -> None:
    license = license_of(limit=8)

    def work(number: int) -> list[Granted | Denied]:
        database = replicas[number % len(replicas)]
        verdicts = []
        for turn in range(10):
            claimed = asked(f"{number}x{turn}")
            verdicts.append(claim(database, claimed, license))
            end(database, claimed.id)
        return verdicts

    with ThreadPoolExecutor(8) as pool:
        for verdicts in pool.map(work, range(8)):
            assert all(isinstance(verdict, Granted) for verdict in verdicts)
    assert used(replicas[0], license) == 0


def test_many_sessions_of_others_do_not_change_the_answer(emptied: Database) -> None:
    several: list[Event] = []
    for number in range(300):
        several += session(
            NOW - number * HOUR, User(username=f"u{number % 40}"), f"s{number}", lasts=MINUTE, ended=True
        )
    ledgers.record(emptied, several[:500], NOW)
    ledgers.record(emptied, several[500:], NOW)
    license = license_of(limit=41, window="rolling-days:30")
    granted(claim(emptied, asked("ann"), license))
    assert code(claim(emptied, asked("bob"), license)) == "SEAT_LIMIT_REACHED"
    granted(claim(emptied, asked("u3"), license))
    ledgers.assert_fold_is_replay(emptied, [license, TWO], [NOW, NOW - DAY])
