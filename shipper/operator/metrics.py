"""The operator's own metrics: the spool, the license server, the license, sessions (docs/metrics.md lists them)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import Counter as Counted
from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from shipper.storage.database import StorageError
from shipper.usage.times import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry

    from shipper.operator.keeper import LicenseKeeper
    from shipper.operator.sender import Sender
    from shipper.operator.sessions import SessionBook
    from shipper.operator.spool import Spool

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
CALLS = ("license", "claim", "heartbeat", "end", "events")


class ServerCalls:
    """How requests to the license server go; `observe` is for ServerClient, from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "shipper_operator_server_request_duration_seconds",
            "Time that requests to the license server took, with or without an answer.",
            ["call"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._failures = Counted(
            "shipper_operator_server_request_failures",
            "Requests to the license server that got no answer, or one of a failing server.",
            ["call"],
            registry=registry,
        )
        for call in CALLS:
            self._seconds.labels(call)
            self._failures.labels(call)

    def observe(self, call: str, answered: bool, seconds: float) -> None:  # noqa: FBT001 - as ServerClient calls it
        """Count one."""
        self._seconds.labels(call).observe(seconds)
        if not answered:
            self._failures.labels(call).inc()


class OperatorCollector(Collector):
    """What is so at the moment of a scrape."""

    def __init__(self, keeper: LicenseKeeper, sessions: SessionBook, spool: Spool, sender: Sender) -> None:
        self._keeper = keeper
        self._sessions = sessions
        self._spool = spool
        self._sender = sender

    def describe(self) -> Iterator[Metric]:
        """Nothing: what is collected is not asked for when this is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All of it; without the spool's part where that can't be read."""
        now = self._keeper.clock.now()
        yield from self._contact()
        yield from self._open_sessions(now)
        yield from self._spooled(now)

    def _contact(self) -> Iterator[Metric]:
        standing = self._keeper.status()
        yield GaugeMetricFamily(
            "shipper_operator_server_up",
            "1 if the license server gave the license when it was asked last, else 0.",
            1 if standing.contact == "ok" else 0,
        )
        yield GaugeMetricFamily(
            "shipper_operator_server_last_contact_timestamp_seconds",
            "When the license server gave or confirmed the license last, in seconds since 1970; 0 for never.",
            standing.held.confirmed / SECOND if standing.held else 0,
        )

    def _open_sessions(self, now: int) -> Iterator[Metric]:
        entries = [entry for entry in self._sessions.all() if entry.is_open(now)]
        gauge = GaugeMetricFamily(
            "shipper_operator_sessions_open", "Open sessions, of CI or not, by who decided last.", labels=["ci", "by"]
        )
        counts = Counter((entry.ci, entry.by_server) for entry in entries)
        for ci in (False, True):
            for by_server in (False, True):
                labels = [str(ci).lower(), "server" if by_server else "operator"]
                gauge.add_metric(labels, counts[ci, by_server])
        yield gauge
        denied = CounterMetricFamily(
            "shipper_operator_sessions_denied",
            "Sessions that were denied by the server or by the operator, by the code of the reason.",
            labels=["code"],
        )
        for code, count in sorted(self._sessions.decider.denials.items()):
            denied.add_metric([code], count)
        yield denied

    def _spooled(self, now: int) -> Iterator[Metric]:
        sender = self._sender.status()
        yield CounterMetricFamily(
            "shipper_operator_events_sent", "Events that the license server acknowledged.", sender.sent
        )
        try:
            depth = self._spool.depth()
        except StorageError:
            yield _gauge("shipper_operator_spool_ok", "1 if the spool can be read, else 0.", 0)
            return
        yield _gauge("shipper_operator_spool_ok", "1 if the spool can be read, else 0.", 1)
        yield _gauge("shipper_operator_spool_events", "Events that wait for the license server.", depth.events)
        yield _gauge("shipper_operator_spool_bytes", "Their size.", depth.bytes)
        age = 0 if depth.oldest is None else max(0, now - depth.oldest) / SECOND
        yield _gauge("shipper_operator_spool_oldest_age_seconds", "For how long the oldest of them has waited.", age)
        yield _gauge(
            "shipper_operator_events_set_aside", "Events that the license server calls malformed.", depth.set_aside
        )
        yield CounterMetricFamily(
            "shipper_operator_events_dropped",
            "Reports of errors and signs of life that were dropped because the spool was full.",
            depth.dropped,
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value)
