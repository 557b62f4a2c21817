"""The operator's own metrics: the spool, the license server, the license, sessions (docs/metrics.md lists them)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

from prometheus_client import Counter as Counted
from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from shipper.license.state import state_at
from shipper.storage.database import StorageError
from shipper.usage.decide import Code
from shipper.usage.times import DAY, SECOND, instant, micros

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry

    from shipper.operator.held import Held, LicenseStatus
    from shipper.operator.keeper import LicenseKeeper
    from shipper.operator.secretsync import SecretStatus, SecretSync
    from shipper.operator.sender import Sender
    from shipper.operator.sessions import SessionBook
    from shipper.operator.spool import Spool

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
CODES: tuple[str, ...] = get_args(Code)
OTHER = "other"
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

    def __init__(
        self, keeper: LicenseKeeper, sessions: SessionBook, spool: Spool, sender: Sender, sync: SecretSync | None = None
    ) -> None:
        self._keeper = keeper
        self._sessions = sessions
        self._spool = spool
        self._sender = sender
        self._sync = sync

    def describe(self) -> Iterator[Metric]:
        """Nothing: what is collected is not asked for when this is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All of it; without the spool's part where that can't be read."""
        standing, judged = self._keeper.status(), self._keeper.clock.judged()
        now = self._keeper.clock.now()
        yield from _of_license(standing.held, judged)
        yield from _of_contact(standing, judged)
        yield from self._of_sessions(now)
        yield from self._spooled(now)
        yield from _of_secrets(self._sync.status() if self._sync else ())

    def _of_sessions(self, now: int) -> Iterator[Metric]:
        entries = [entry for entry in self._sessions.all() if entry.is_open(now)]
        ci = sum(entry.ci for entry in entries)
        gauge = GaugeMetricFamily("shipper_sessions_open", "Open sessions, of CI or not.", labels=["ci"])
        gauge.add_metric(["false"], len(entries) - ci)
        gauge.add_metric(["true"], ci)
        yield gauge
        yield _gauge(
            "shipper_operator_sessions_decided_alone",
            "Open sessions that the operator decided about last, without the license server.",
            sum(not entry.by_server for entry in entries),
        )
        denials = CounterMetricFamily(
            "shipper_denials",
            "Sessions that were denied, here or by the license server, by the code of the reason.",
            labels=["code"],
        )
        counts = self._sessions.decider.denials
        for code in CODES:
            denials.add_metric([code], counts[code])
        denials.add_metric([OTHER], sum(count for code, count in list(counts.items()) if code not in CODES))
        yield denials

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


def _of_secrets(secrets: Sequence[SecretStatus]) -> Iterator[Metric]:
    """Nothing where none are kept."""
    if not secrets:
        return
    names = ["namespace", "secret"]
    ok = GaugeMetricFamily(
        "shipper_operator_sync_ok", "1 if the Secret is in step with the license, else 0.", labels=names
    )
    last = GaugeMetricFamily(
        "shipper_operator_sync_last_success_timestamp_seconds",
        "When the Secret was seen or brought in step last, in seconds since 1970; 0 for never.",
        labels=names,
    )
    failures = CounterMetricFamily(
        "shipper_operator_sync_failures",
        "How often the Secret could not be brought in step; waiting for a namespace is no failure.",
        labels=names,
    )
    for each in secrets:
        named = [each.namespace, each.name]
        ok.add_metric(named, int(each.state == "ok"))
        last.add_metric(named, (each.synced or 0) / SECOND)
        failures.add_metric(named, each.failures)
    yield from (ok, last, failures)


def _of_license(held: Held | None, judged: int) -> Iterator[Metric]:
    """The names are those of the license server; without a license all values are 0."""
    license = held.license if held else None
    state = state_at(license, instant(judged)) if license else None
    status = state.status if state else ""
    expiry = _seconds(license.expires_at) if license else 0
    ends = _seconds(state.ends) if state else 0
    left = 0 if license is None or status == "not_yet_valid" else expiry - judged / SECOND
    yield _gauge("shipper_license_present", "1 if there is a license, else 0.", int(license is not None))
    yield _gauge(
        "shipper_license_valid",
        "1 while the license grants anything, its days of grace included, else 0.",
        int(status in {"valid", "in_grace"}),
    )
    yield _gauge("shipper_license_verified", "1 if the license was verified: always, if there is one.", int(bool(held)))
    yield _gauge("shipper_license_in_grace", "1 in the days of grace, else 0.", int(status == "in_grace"))
    yield _gauge(
        "shipper_license_expiry_timestamp_seconds",
        "When the license expires, in seconds since 1970; +Inf for never, 0 without a license.",
        expiry,
    )
    yield _gauge(
        "shipper_license_grace_end_timestamp_seconds",
        "When the days of grace after it end, in seconds since 1970; +Inf for never, 0 without a license.",
        ends,
    )
    yield _gauge(
        "shipper_license_expiry_seconds",
        "Seconds until the license expires: 0 before it is valid and without one, negative once it has expired, "
        "+Inf for never.",
        left,
    )
    yield _gauge(
        "shipper_license_serial", "The serial of the license; 0 without one.", license.serial if license else 0
    )


def _of_contact(standing: LicenseStatus, judged: int) -> Iterator[Metric]:
    held = standing.held
    yield _gauge(
        "shipper_operator_stands_alone",
        "1 if there is no license server, and only a license file, else 0.",
        int(standing.contact == "alone"),
    )
    yield _gauge(
        "shipper_license_file_ok",
        "0 if what is in the license file can't be used, else 1, also without a file.",
        int(not standing.file_problem),
    )
    yield _gauge(
        "shipper_clock_behind_seconds",
        "By how much the clock is behind the highest time it has shown; 0 for one that is right.",
        standing.behind / SECOND,
    )
    if standing.contact == "alone":
        return
    yield _gauge(
        "shipper_operator_server_up",
        "1 if the license server gave the license when it was asked last, else 0.",
        int(standing.contact == "ok"),
    )
    yield _gauge(
        "shipper_operator_server_last_contact_timestamp_seconds",
        "When the license server gave or confirmed the license last, in seconds since 1970; 0 for never.",
        0 if standing.reached is None else standing.reached / SECOND,
    )
    yield _gauge(
        "shipper_operator_offline_left_seconds",
        "For how long the license is good without the license server: 0 for no longer, and without a license.",
        max(0, held.confirmed + held.license.offline_days * DAY - judged) / SECOND if held else 0,
    )


def _seconds(when: datetime | None) -> float:
    return math.inf if when is None else micros(when) / SECOND


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value)
