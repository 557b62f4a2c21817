"""A license server and an operator's sessions in one process: the real ledger and spool, and faults between them."""

from __future__ import annotations

import asyncio
import copy
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from shipper.license.document import license_from
from shipper.operator.book import Book
from shipper.operator.deciding import Decider, Standing
from shipper.operator.serverclient import Away, Refused
from shipper.operator.sessions import SessionBook
from shipper.operator.spool import Spool
from shipper.server import ledger
from shipper.serving.problems import ProblemError
from shipper.storage.open import open_database
from shipper.usage.clock import Clock
from shipper.usage.decide import Denied
from shipper.usage.events import Event
from tests.license.sample import payload
from tests.operator.sample import Hands

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from shipper.license.document import License
    from shipper.operator.book import Entry
    from shipper.server.ledger import Granted
    from shipper.storage.database import Transaction
    from shipper.usage.grants import Claim, Grant
    from shipper.usage.seats import SeatTable

T = TypeVar("T")
SEATS = {"limit": 2, "unit": "user", "window": "concurrent", "overage": "deny"}


def license_with(**changes: Any) -> License:
    return license_from(payload(**{"seats": SEATS, **changes}))


class LedgerServer:
    """What the license server decides. `fault` sees the name of each call before, `lose` after it was done."""

    def __init__(self, path: Path, hands: Hands, license: License) -> None:
        self.database = open_database(f"sqlite:///{path}/server.db")
        self.hands = hands
        self.license = license
        self.fault: Callable[[str], None] = lambda _: None
        self.lose = False
        self.calls: list[str] = []

    def claim(self, claim: Claim) -> Grant:
        return self._decided("claim", lambda tx: ledger.claim(tx, claim, self.license, self.hands(), self.hands()))

    def heartbeat(self, session: str) -> Grant:
        return self._decided(
            "heartbeat", lambda tx: ledger.heartbeat(tx, session, self.license, self.hands(), self.hands())
        )

    def end(self, session: str) -> None:
        known = self._called("end", lambda tx: ledger.end(tx, session, self.hands()))
        if not known:
            raise Refused(404, "SESSION_UNKNOWN", "no")

    def _decided(self, name: str, work: Callable[[Transaction], Granted | Denied | None]) -> Grant:
        decided = self._called(name, work)
        if decided is None:
            raise Refused(404, "SESSION_UNKNOWN", "no")
        if isinstance(decided, Denied):
            raise Refused(403, decided.code, decided.detail)
        return decided.grant

    def _called(self, name: str, work: Callable[[Transaction], T]) -> T:
        self.calls.append(name)
        self.fault(name)
        try:
            found = self.database.write(work).result()
        except ProblemError as error:
            raise Refused(error.status, error.code, error.detail) from None
        if self.lose:
            raise Away("the answer is lost")
        return found

    def seats(self) -> SeatTable:
        return self.database.read(lambda tx: ledger.seat_table(tx, self.license, self.hands())).result()

    def events(self) -> list[Event]:
        rows = self.database.read(lambda tx: tx.execute("SELECT body FROM events ORDER BY id")).result()
        return [msgspec.json.decode(body, type=Event) for (body,) in rows]


class World:
    """`away` is whether the server can be reached; `hands` is everybody's clock."""

    def __init__(self, path: Path, **license: Any) -> None:
        self.path = path
        self.hands = Hands()
        self.license: License | None = license_with(**license)
        assert self.license is not None
        self.server = LedgerServer(path, self.hands, self.license)
        self.offline = 0
        self.spool = Spool.open(str(path / "spool.db"))
        self.sessions = self._opened()

    def _opened(self) -> SessionBook:
        self.decider = Decider(
            server=self.server,
            report=self.spool.put,
            standing=lambda: Standing(self.license, self.offline),
            clock=Clock(0, self.hands),
            operator="op-1",
            cluster="east",
        )
        book = SessionBook(Book(self.spool.database), self.decider)
        book.load()
        return book

    def restart(self) -> None:
        self.close_operator()
        self.spool = Spool.open(str(self.path / "spool.db"))
        self.sessions = self._opened()

    def another_operator(self) -> World:
        """One more operator of the same server."""
        other = copy.copy(self)
        other.path = self.path / "other"
        other.path.mkdir()
        other.spool = Spool.open(str(other.path / "spool.db"))
        other.sessions = other._opened()
        return other

    def close_operator(self) -> None:
        self.decider.close()
        self.spool.close()

    def close(self) -> None:
        self.close_operator()
        self.server.database.close()

    def go_away(self) -> None:
        def away(_: str) -> None:
            raise Away("gone")

        self.server.fault = away

    def hang(self) -> threading.Event:
        self.decider.seconds = 0.05
        free = threading.Event()
        self.server.fault = lambda _: (free.wait(30), None)[1]
        return free

    def come_back(self) -> None:
        self.server.fault = lambda _: None

    def deliver(self) -> list[Event]:
        """What the sender does."""
        spooled = self.spool.take(1000, 10**6)
        events = [msgspec.json.decode(each.body, type=Event) for each in spooled]
        self.server.database.write(lambda tx: ledger.record(tx, events, self.hands())).result()
        self.spool.remove(spooled)
        return events

    def waiting(self) -> list[Event]:
        return [msgspec.json.decode(each.body, type=Event) for each in self.spool.take(1000, 10**6)]

    def current(self) -> SeatTable:
        """The seats at this moment, as claims are decided by."""
        return self.server.database.read(
            lambda tx: ledger.current_seats(tx, self.server.license, self.hands())
        ).result()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)


def refusal(work: Callable[[], Entry | None]) -> tuple[int, str]:
    """The status and code of what is refused."""
    try:
        found = work()
    except ProblemError as error:
        return error.status, error.code
    raise AssertionError(found)
