"""Metrics of a service for Prometheus: requests, connections, the certificate. Other rooms add their own collectors.

One registry a process, never the library's global one; nothing in it names a user, a key or a path as it was asked.
"""

from __future__ import annotations

import itertools
import platform
from bisect import bisect_left
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Info, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from shipper.serving.connections import Counts
    from shipper.serving.tls import TlsFiles

CONTENT_TYPE = CONTENT_TYPE_LATEST
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


class Metrics:
    """`registry` takes further collectors."""

    def __init__(self, version: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        self.registry = CollectorRegistry()
        # A client can make up methods, so that what is counted is by their label; looking that up takes longer
        self._answers: dict[tuple[str, str, str], _Answers] = {}
        self._known: dict[tuple[str, str, int], _Answers] = {}
        self.registry.register(_Requests(self._answers))
        build = Info("shipper_build", "The version that runs.", registry=self.registry)
        build.info({"version": version, "python": platform.python_version()})

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer: `route` is the template of its path, empty where none matched."""
        answers = self._known.get((route, method, status))
        if answers is None:
            answers = self._answers_of(route, method, status)
        answers.counts[bisect_left(BUCKETS, seconds)] += 1
        answers.seconds += seconds

    def watch_connections(self, counts: Counts) -> None:
        """Show `counts`, which are a listener's."""
        self.registry.register(_Connections(counts))

    def watch_tls(self, tls: TlsFiles | None) -> None:
        """Show the certificate; without TLS there is nothing to show."""
        if tls is not None:
            self.registry.register(_Certificate(tls))

    def render(self) -> bytes:
        """All metrics in Prometheus' text format; it is `CONTENT_TYPE`."""
        return generate_latest(self.registry)

    def _answers_of(self, route: str, method: str, status: int) -> _Answers:
        labels = (route or OTHER, method if method in METHODS else OTHER, f"{status // 100}xx" if status else "none")
        answers = self._answers.setdefault(labels, _Answers())
        if method in METHODS:
            self._known[route, method, status] = answers
        return answers


class _Answers:
    """How many there were by how long they took, and how long they took together.

    The library's own counters take locks and look at each bucket, which a short request notices. These are counted on
    the event loop alone.
    """

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0


class _Requests(Collector):
    def __init__(self, answers: dict[tuple[str, str, str], _Answers]) -> None:
        self._answers = answers

    def collect(self) -> Iterator[Metric]:
        """What was counted so far."""
        names = ("route", "method", "status")
        requests = CounterMetricFamily("shipper_http_requests", "Requests that were answered.", labels=names)
        seconds = HistogramMetricFamily(
            "shipper_http_request_duration_seconds",
            "Time from the end of a request's headers to the end of its answer.",
            labels=names,
        )
        limits = [*map(str, BUCKETS), "+Inf"]
        for labels, answers in list(self._answers.items()):
            below = list(itertools.accumulate(answers.counts))
            requests.add_metric(labels, below[-1])
            seconds.add_metric(labels, list(zip(limits, below, strict=True)), answers.seconds)
        yield requests
        yield seconds


class _Connections(Collector):
    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """What is so at this moment."""
        counts = self._counts
        yield GaugeMetricFamily("shipper_connections_open", "Connections that are open.", counts.open)
        yield GaugeMetricFamily(
            "shipper_http_requests_in_flight", "Requests that are being answered.", counts.in_flight()
        )
        yield CounterMetricFamily("shipper_connections_accepted", "Connections that were let in.", counts.accepted)
        yield CounterMetricFamily(
            "shipper_connections_refused", "Connections that were not let in: too many.", counts.refused
        )
        closed = CounterMetricFamily(
            "shipper_connections_closed",
            "Connections that this side ended, by reason: a deadline (handshake, headers, body, write, idle, over, goodbye), "
            "too many (full), the end of the process (stop).",
            labels=["reason"],
        )
        for reason, count in sorted(counts.closed.items()):
            closed.add_metric([reason], count)
        yield closed
        errors = CounterMetricFamily(
            "shipper_http_refused",
            "Requests that were refused before a route was looked for, by code.",
            labels=["code"],
        )
        for code, count in sorted(counts.errors.items()):
            errors.add_metric([code], count)
        yield errors


class _Certificate(Collector):
    def __init__(self, tls: TlsFiles) -> None:
        self._tls = tls

    def collect(self) -> Iterator[Metric]:
        """What is so at this moment."""
        status = self._tls.status
        yield GaugeMetricFamily(
            "shipper_tls_certificate_expiry_timestamp_seconds",
            "When the certificate that is served expires, in seconds since 1970.",
            status.expires,
        )
        yield GaugeMetricFamily(
            "shipper_tls_certificate_ok",
            "1 if the certificate that is served is the one in the files, 0 if those can't be used.",
            0 if status.problem else 1,
        )
        yield CounterMetricFamily(
            "shipper_tls_reload_failures", "How often changed files could not be used.", status.failures
        )
