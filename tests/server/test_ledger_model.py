"""The ledger against a small model: claims, heartbeats, ends, operators that are away, and clocks that are wrong.

The model keeps every fact in plain dictionaries and looks at all of them each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from shipper.server import ledger
from shipper.server.ledger import Granted
from shipper.serving.problems import ProblemError
from shipper.usage.decide import Denied
from shipper.usage.events import Event, User
from shipper.usage.grants import Claim
from shipper.usage.sessions import denied_id, ended_id, seen_id, started_id
from shipper.usage.times import DAY, HOUR, MINUTE, SECOND, instant, micros
from tests.server import ledgers
from tests.usage.samples import NOW, event, license_of

if TYPE_CHECKING:
    import random

    from shipper.license.document import License
    from shipper.storage.database import Database

NAMES = ("ann", "bob", "cid", "dan", "")
OPERATORS = ("operator-eu", "operator-us")
LIMIT = 2
WINDOW_DAYS = 2


@dataclass
class Known:
    """What the model knows of a session."""

    who: str = ""
    ci: bool = False
    interval: int = 60
    started: int | None = None
    seen: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def over(self) -> int:
        if self.started is None:
            return 0
        over = max(self.seen) + 3 * self.interval * SECOND
        return max(self.started, min([over, *self.ended]))

    def is_open(self, now: int) -> bool:
        return self.started is not None and now < self.over() > self.started

    def holds(self, now: int, *, rolling: bool) -> bool:
        if self.started is None or self.ci:
            return False
        last = max(self.seen + self.ended)
        return self.is_open(now) or (rolling and last > now - WINDOW_DAYS * DAY)


class World(RuleBasedStateMachine):
    """One license server, two operators, and what they should make of each other."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        ledgers.clear(database)
        self.database = database
        self.license: License
        self.now = NOW
        self.facts: dict[str, Known] = {}
        self.taken: set[str] = set()
        self.spools: dict[str, list[Event]] = {operator: [] for operator in OPERATORS}
        self.claims: dict[str, Claim] = {}
        self.count = 0

    @initialize(rolling=st.booleans(), unit=st.sampled_from(("user", "machine")))
    def begin(self, rolling: bool, unit: str) -> None:
        self.rolling = rolling
        window = f"rolling-days:{WINDOW_DAYS}" if rolling else "concurrent"
        self.license = license_of(limit=LIMIT, unit=unit, window=window)

    @rule(seconds=st.sampled_from((1, 59, 60, 179, 180, 3600, 100_000, 5 * 86_400)))
    def time_goes_by(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule(jump=st.sampled_from((HOUR, -HOUR, -30 * DAY, 3650 * DAY)))
    def the_clock_jumps(self, jump: int) -> None:
        if NOW - 365 * DAY < self.now + jump < NOW + 36_500 * DAY:
            self.now += jump

    @rule(name=st.sampled_from(NAMES), ci=st.booleans(), operator=st.sampled_from(OPERATORS))
    def an_app_starts(self, name: str, ci: bool, operator: str) -> None:
        claim = self.new_claim(name, ci, operator)
        self.expect(claim.id, self.free_for(claim), self.claim(claim))

    @precondition(lambda self: self.claims)
    @rule(chosen=st.randoms(use_true_random=False))
    def a_claim_is_sent_again(self, chosen: random.Random) -> None:
        claim = self.claims[chosen.choice(sorted(self.claims))]
        known = self.facts.get(claim.id)
        if known is not None and known.ended:
            self.expect_ended(lambda: self.claim(claim))
        else:
            is_open = known is not None and known.is_open(self.now)
            self.expect(claim.id, is_open or self.free_for(claim), self.claim(claim))

    @precondition(lambda self: self.claims)
    @rule(chosen=st.randoms(use_true_random=False))
    def a_session_goes_on(self, chosen: random.Random) -> None:
        claim = self.claims[chosen.choice(sorted(self.claims))]
        known = self.facts.get(claim.id)
        if known is None or known.started is None:
            assert self.beat(claim.id) is None
        elif known.ended:
            self.expect_ended(lambda: self.beat(claim.id))
        else:
            self.expect(claim.id, known.is_open(self.now) or self.free_for(claim), self.beat(claim.id))

    @precondition(lambda self: self.claims)
    @rule(chosen=st.randoms(use_true_random=False))
    def a_session_ends(self, chosen: random.Random) -> None:
        name = chosen.choice(sorted(self.claims))
        known = self.facts.get(name)
        found = self.database.write(lambda tx: ledger.end(tx, name, self.now)).result()
        assert found == (known is not None and known.started is not None)
        if found and known is not None and not known.ended:
            self.learn(event("session_ended", self.now, name, event_id=ended_id(name)))

    @rule(
        name=st.sampled_from(NAMES),
        operator=st.sampled_from(OPERATORS),
        ci=st.booleans(),
        skew=st.sampled_from((0, 2 * MINUTE, -HOUR, HOUR, -40 * DAY)),
        lasts=st.sampled_from((0, MINUTE, 2 * HOUR)),
        ends=st.booleans(),
    )
    def a_session_runs_while_the_server_is_away(
        self, name: str, operator: str, ci: bool, skew: int, lasts: int, ends: bool
    ) -> None:
        claim = self.new_claim(name, ci, operator)
        self.claims[claim.id] = claim
        at = self.now + skew
        spool = self.spools[operator]
        start = event("session_started", at, claim.id, event_id=started_id(claim.id), operator=operator, ci=ci)
        spool.append(_with_user(start, claim.user))
        if lasts:
            beaten = event("session_heartbeat", at + lasts, claim.id, event_id=seen_id(claim.id, at + lasts))
            spool.append(beaten)
        if ends:
            spool.append(event("session_ended", at + lasts, claim.id, event_id=ended_id(claim.id)))

    @rule(operator=st.sampled_from(OPERATORS), chosen=st.randoms(use_true_random=False), heard=st.booleans())
    def an_operator_reports(self, operator: str, chosen: random.Random, heard: bool) -> None:
        spool = self.spools[operator]
        batch = chosen.sample(spool, chosen.randint(0, len(spool)))
        batch += chosen.choices(batch, k=chosen.randint(0, 3)) if batch else []
        recorded = ledgers.record(self.database, batch, self.now)
        assert set(recorded.acknowledged) == {each.id for each in batch}
        assert {each.id for each in batch if each.id in self.taken} <= set(recorded.duplicate)
        for each in batch:
            self.learn(each)
        if heard:
            self.spools[operator] = [each for each in spool if each.id not in recorded.acknowledged]

    @invariant()
    def the_table_says_who_holds_a_seat(self) -> None:
        if not hasattr(self, "rolling"):
            return
        table = self.database.read(lambda tx: ledger.current_seats(tx, self.license, self.now)).result()
        assert {seat.identity for seat in table.seats} == self.holders()
        assert table.used == len(self.holders())
        assert table.ci_running == sum(known.ci and known.is_open(self.now) for known in self.facts.values())
        assert all(seat.frees_at > table.at for seat in table.seats)

    @invariant()
    def no_time_is_negative(self) -> None:
        rows = self.database.read(
            lambda tx: tx.execute("SELECT id FROM sessions WHERE over < started OR last_active < started")
        ).result()
        assert rows == []

    def teardown(self) -> None:
        if hasattr(self, "rolling"):
            instants = [self.now, self.now - HOUR, NOW]
            ledgers.assert_fold_is_replay(self.database, [self.license, license_of(window="billing-month")], instants)

    def new_claim(self, name: str, ci: bool, operator: str) -> Claim:
        self.count += 1
        user = User(username=name, machine_id=name and f"machine-of-{name}")
        return Claim(id=f"session-number-{self.count:04}", operator=operator, cluster="eu", user=user, ci=ci)

    def claim(self, claim: Claim) -> Granted | Denied:
        self.claims[claim.id] = claim
        return self.database.write(lambda tx: ledger.claim(tx, claim, self.license, self.now, self.now)).result()

    def beat(self, name: str) -> Granted | Denied | None:
        return self.database.write(lambda tx: ledger.heartbeat(tx, name, self.license, self.now, self.now)).result()

    def who(self, user: User) -> str:
        unit = self.license.seats.unit if self.license.seats else ""
        return (user.username if unit == "user" else user.machine_id) or "unknown"

    def holders(self) -> set[str]:
        return {known.who for known in self.facts.values() if known.holds(self.now, rolling=self.rolling)}

    def free_for(self, claim: Claim) -> bool:
        return claim.ci or self.who(claim.user) in self.holders() or len(self.holders()) < LIMIT

    def expect(self, name: str, granted: bool, verdict: Granted | Denied | None) -> None:
        """Compare with what was decided, and learn it."""
        claim = self.claims[name]
        if not granted:
            assert isinstance(verdict, Denied)
            assert verdict.code == "SEAT_LIMIT_REACHED"
            self.taken.add(denied_id(name, verdict.code))
            return
        assert isinstance(verdict, Granted)
        known = self.facts.get(name)
        begun = known is None or known.started is None
        assert verdict.created == begun
        if begun:
            start = event("session_started", self.now, name, event_id=started_id(name), ci=claim.ci)
            self.learn(_with_user(start, claim.user))
        else:
            self.learn(event("session_heartbeat", self.now, name, event_id=seen_id(name, self.now)))
        assert verdict.grant.expires_at == instant(self.facts[name].over())
        if verdict.grant.seat is not None:
            assert verdict.grant.seat.used == len(self.holders())

    def expect_ended(self, act: object) -> None:
        assert callable(act)
        try:
            act()
        except ProblemError as error:
            assert error.code == "SESSION_ENDED"
        else:
            raise AssertionError("an ended session went on")

    def learn(self, told: Event) -> None:
        """What an event adds, once."""
        if told.id in self.taken:
            return
        self.taken.add(told.id)
        time = micros(told.time)
        if time < self.now - 35 * DAY:
            return
        if time > self.now + 5 * MINUTE:
            time = self.now
        known = self.facts.setdefault(told.session, Known())
        if told.kind == "session_started":
            known.started, known.who, known.ci = time, self.who(told.user), told.ci
        (known.ended if told.kind == "session_ended" else known.seen).append(time)


def _with_user(told: Event, user: User) -> Event:
    return replace(told, user=user)


def test_the_ledger_does_what_the_model_does(emptied: Database) -> None:
    class Here(World):
        def __init__(self) -> None:
            super().__init__(emptied)

    few = emptied.kind == "postgres"
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=10 if few else 60,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
