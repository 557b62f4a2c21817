"""The license server's own metrics: seats, license, denials, operators, events, database (docs/metrics.md).

What a database has to be asked for is read before a scrape, at most every few seconds, however many scrape. No label
holds what users or unknown clients choose: codes and kinds are a few, clusters the MAX_CLUSTERS heard of last.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar, get_args

from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response

from shipper.license.state import state_at
from shipper.server.ledger.table import usage_now
from shipper.serving.metrics import CONTENT_TYPE
from shipper.serving.routes import Answer, Route, Scope, Whatever
from shipper.storage.database import StorageError
from shipper.usage.clusters import Cluster, labels
from shipper.usage.decide import Code
from shipper.usage.events import Kind
from shipper.usage.identity import UNKNOWN, Identity
from shipper.usage.seats import allowed_seats
from shipper.usage.times import DAY, SECOND, instant, micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry
    from starlette.requests import Request

    from shipper.license.document import License
    from shipper.server.ledger import Recorded
    from shipper.server.licensefile import LicenseHolder
    from shipper.serving.metrics import Metrics
    from shipper.storage.database import Database, Transaction
    from shipper.usage.clock import Clock
    from shipper.usage.events import Event

A = TypeVar("A")
T = TypeVar("T")
FRESH_SECONDS = 2.0
"""How old figures of the database may be."""
READ_SECONDS = 5.0
"""How long a scrape waits for them."""
MAX_CLUSTERS = 200
SILENT = 35 * DAY
"""A cluster that was not heard of for so long is taken for gone, and its alert ends: no event of it would count."""
CODES: tuple[str, ...] = get_args(Code)
KINDS: tuple[str, ...] = get_args(Kind)
RESULTS = ("accepted", "duplicate", "too_old", "from_future")
OTHER = "other"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_OPEN = "SELECT COUNT(*), CAST(COALESCE(SUM(ci), 0) AS BIGINT) FROM sessions WHERE over > ? AND over > started"
_CONTACTS = """
SELECT cluster, cluster_id, MAX(last_contact) FROM operators WHERE last_contact > ?
GROUP BY cluster, cluster_id ORDER BY MAX(last_contact) DESC, cluster, cluster_id LIMIT ?
"""


class Facts(NamedTuple):
    """What the database says: seats used, open sessions (of people, of CI), the last contact with each cluster."""

    used: int
    open: int
    ci: int
    contacts: list[tuple[str, int]]


def read_facts(tx: Transaction, license: License | None, now: int) -> Facts:
    """The figures at this moment: seats are those by which claims are decided."""
    used = usage_now(tx, license, now, Identity("unknown", UNKNOWN)).used
    ((count, ci),) = tx.execute(_OPEN, (now,))
    said = [(Cluster(*row), last) for *row, last in tx.execute(_CONTACTS, (now - SILENT, MAX_CLUSTERS))]
    called = labels(said)
    contacts: dict[str, int] = {}
    for cluster, last in said:
        contacts.setdefault(called[cluster], last)  # the newest come first
    return Facts(used, count - ci, ci, list(contacts.items()))


class ServerMetrics:
    """Counts what happens, and shows what is so; of one process. `database` measures the writes of the one given."""

    def __init__(self, metrics: Metrics, database: Database, holder: LicenseHolder, clock: Clock) -> None:
        self.metrics = metrics
        self.database = MeasuredDatabase(database, metrics.registry)
        self._holder = holder
        self._clock = clock
        self._lock = asyncio.Lock()
        self._read_at = -math.inf
        self._facts: Facts | None = None
        self._denials: Counter[str] = Counter()
        self._events: Counter[tuple[str, str]] = Counter()
        metrics.registry.register(_Shown(self))

    def denied(self, code: str) -> None:
        """Count a session that was denied here."""
        self._denials[code if code in CODES else OTHER] += 1

    def recorded(self, events: Sequence[Event], recorded: Recorded) -> None:
        """Count a batch of events, and the denials by operators among those that are new."""
        new = self._left(self._left(events, recorded.duplicate, "duplicate"), recorded.too_old, "too_old")
        accepted = len(new) - recorded.ahead
        if recorded.ahead:  # which they are isn't said: those with the latest times
            new = sorted(new, key=lambda event: event.time)
        for kind, count in Counter(event.kind for event in new[:accepted]).items():
            self._events[kind, "accepted"] += count
        for event in new[accepted:]:
            self._events[event.kind, "from_future"] += 1
        for event in new:
            if event.kind == "session_denied":
                self.denied(event.reason)

    def _left(self, events: Sequence[Event], names: Sequence[str], result: str) -> Sequence[Event]:
        """`events` without one for each of `names`, the later ones first; these are counted as `result`."""
        if not names:
            return events
        away = Counter(names)
        left: list[Event] = []
        for event in reversed(events):
            if away[event.id] > 0:
                away[event.id] -= 1
                self._events[event.kind, result] += 1
            else:
                left.append(event)
        return left[::-1]

    async def scrape(self) -> bytes:
        """All metrics in Prometheus' text format."""
        async with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self._facts = await self._ask()
                self._read_at = time.monotonic()
        return await asyncio.to_thread(self.metrics.render)

    async def _ask(self) -> Facts | None:
        license, now = self._holder.current.license, self._clock.now()
        read = self.database.read(lambda tx: read_facts(tx, license, now))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(read), READ_SECONDS)
        except (StorageError, TimeoutError):
            return None

    def shown(self) -> Iterator[Metric]:
        """Everything but what is counted elsewhere."""
        yield from _of_license(self._holder, self._clock)
        yield from _of_facts(self._facts, self._holder.current.license)
        yield _gauge(
            "shipper_clock_behind_seconds",
            "By how much the clock is behind the highest time it has shown; 0 for one that is right.",
            self._clock.behind() / SECOND,
        )
        denials = CounterMetricFamily(
            "shipper_denials",
            "Sessions that were denied, here or by an operator, by the code of the reason.",
            labels=["code"],
        )
        for code in (*CODES, OTHER):
            denials.add_metric([code], self._denials[code])
        yield denials
        events = CounterMetricFamily(
            "shipper_events", "Events that operators sent, by what became of them.", labels=["kind", "result"]
        )
        for kind in KINDS:
            for result in RESULTS:
                events.add_metric([kind, result], self._events[kind, result])
        yield events


class _Shown(Collector):
    def __init__(self, metrics: ServerMetrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterator[Metric]:
        """Nothing: no figures are needed to register this."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """What is so at this moment."""
        return self._metrics.shown()


def _of_license(holder: LicenseHolder, clock: Clock) -> Iterator[Metric]:
    served = holder.current
    license, judged = served.license, clock.judged()
    status, ends = state_at(license, instant(judged))
    valid = status in {"valid", "in_grace"}
    expiry = math.inf if license.expires_at is None else micros(license.expires_at) / SECOND
    grace = math.inf if ends is None else micros(ends) / SECOND
    left = expiry - judged / SECOND
    yield _gauge(
        "shipper_license_valid", "1 while the license grants anything, its days of grace included, else 0.", int(valid)
    )
    yield _gauge(
        "shipper_license_verified",
        "1 if the license that is served was verified with a trusted key, 0 if there is none to verify it with.",
        int(served.verified),
    )
    yield _gauge("shipper_license_in_grace", "1 in the days of grace, else 0.", int(status == "in_grace"))
    yield _gauge(
        "shipper_license_expiry_timestamp_seconds",
        "When the license expires, in seconds since 1970; +Inf for never.",
        expiry,
    )
    yield _gauge(
        "shipper_license_grace_end_timestamp_seconds",
        "When the days of grace after it end, in seconds since 1970; +Inf for never.",
        grace,
    )
    yield _gauge(
        "shipper_license_expiry_seconds",
        "Seconds until the license expires: 0 before it is valid, negative once it has expired, +Inf for never.",
        0.0 if status == "not_yet_valid" else left,
    )
    yield _gauge("shipper_license_serial", "The serial of the license that is served.", license.serial)
    yield _gauge(
        "shipper_license_file_ok",
        "1 if the license that is served is the one in the file, 0 if that can't be served.",
        int(not served.problem),
    )
    yield CounterMetricFamily(
        "shipper_license_file_refused", "How often a changed license file could not be served.", holder.refused
    )
    yield _gauge(
        "shipper_license_loaded_timestamp_seconds",
        "When the license that is served was read, in seconds since 1970.",
        served.loaded_at / SECOND,
    )


def _of_facts(facts: Facts | None, license: License) -> Iterator[Metric]:
    """What depends on the database is left out while it can't be asked; the limits are those of the license."""
    yield _gauge(
        "shipper_database_up", "1 if the database answered when it was asked last, else 0.", int(facts is not None)
    )
    seats = license.seats
    limit = math.inf if seats is None else seats.limit
    allowed = allowed_seats(seats)
    yield _gauge("shipper_seats_limit", "Seats of the license; +Inf where it counts none.", limit)
    yield _gauge(
        "shipper_seats_allowed",
        "The number of seats from which on new users are denied; +Inf where nobody is.",
        math.inf if allowed is None else allowed,
    )
    if facts is None:
        return
    yield _gauge("shipper_seats_used", "Seats that are taken.", facts.used)
    yield _gauge("shipper_seats_over", "Seats that are taken beyond the limit.", max(0, facts.used - limit))
    sessions = GaugeMetricFamily("shipper_sessions_open", "Open sessions, of CI or not.", labels=["ci"])
    sessions.add_metric(["false"], facts.open)
    sessions.add_metric(["true"], facts.ci)
    yield sessions
    contact = GaugeMetricFamily(
        "shipper_operator_last_contact_timestamp_seconds",
        "When an operator of the cluster was heard of last, in seconds since 1970.",
        labels=["cluster"],
    )
    for cluster, last in facts.contacts:
        contact.add_metric([cluster], last / SECOND)
    yield contact


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value)


class MeasuredDatabase:
    """A `Database` whose writes are counted and timed."""

    def __init__(self, database: Database, registry: CollectorRegistry) -> None:
        self._database = database
        self._asked = itertools.count()
        self._waiting: set[int] = set()
        self._seconds = Histogram(
            "shipper_database_write_duration_seconds",
            "Time from a write being asked for until it is durable, or has failed.",
            buckets=BUCKETS,
            registry=registry,
        )
        self._shown = _Waiting(self._waiting.__len__)
        registry.register(self._shown)

    @property
    def kind(self) -> str:
        """`sqlite` or `postgres`."""
        return self._database.kind

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """As `Database.write`."""
        return self._measured(lambda: self._database.write(work))

    def write_together(self, work: Callable[[Transaction, list[A]], list[T]], item: A) -> Future[T]:
        """As `Database.write_together`."""
        return self._measured(lambda: self._database.write_together(work, item))

    def read(self, work: Callable[[Transaction], T]) -> Future[T]:
        """As `Database.read`."""
        return self._database.read(work)

    def close(self) -> None:
        """As `Database.close`."""
        self._database.close()

    def _measured(self, write: Callable[[], Future[T]]) -> Future[T]:
        began = time.perf_counter()
        number = next(self._asked)
        self._waiting.add(number)
        future = write()
        future.add_done_callback(lambda _: self._done(number, began))
        return future

    def _done(self, number: int, began: float) -> None:
        self._waiting.discard(number)
        self._seconds.observe(time.perf_counter() - began)


class _Waiting(Collector):
    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterator[Metric]:
        """How many there are at this moment."""
        yield _gauge("shipper_database_writes_waiting", "Writes that are asked for and not yet durable.", self._count())


def metrics_route(metrics: ServerMetrics) -> Route:
    """`/metrics`, for everybody who reaches the port, as Prometheus does."""

    async def scrape(_request: Request) -> Response:
        return Response(await metrics.scrape(), media_type=CONTENT_TYPE)

    return Route(
        "GET",
        "/metrics",
        frozenset({Scope.public}),
        scrape,
        "Metrics for Prometheus",
        {200: Answer("In the text format.", str, CONTENT_TYPE.partition(";")[0])},
        query=Whatever,
    )
