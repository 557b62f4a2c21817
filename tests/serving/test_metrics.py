from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING

import prometheus_client
from prometheus_client.parser import text_string_to_metric_families

from shipper.serving.connections import Counts
from shipper.serving.metrics import CONTENT_TYPE, Metrics
from shipper.serving.tls import TlsFiles
from tests.serving.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path


def samples(metrics: Metrics) -> dict[str, float]:
    """Values by name and labels as Prometheus reads them: `name{a="b"}`."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_requests() -> None:
    metrics = Metrics("1.2.3")
    metrics.observe("/api/v1/license", "GET", 200, 0.003)
    metrics.observe("/api/v1/license", "GET", 204, 0.3)
    metrics.observe("/api/v1/license", "GET", 404, 20)
    found = samples(metrics)
    of_2xx = 'method="GET",route="/api/v1/license",status="2xx"'
    assert found[f"shipper_http_requests_total{{{of_2xx}}}"] == 2
    assert found[f"shipper_http_request_duration_seconds_count{{{of_2xx}}}"] == 2
    assert found[f"shipper_http_request_duration_seconds_sum{{{of_2xx}}}"] == 0.303
    bucket = 'shipper_http_request_duration_seconds_bucket{le="0.005",' + of_2xx + "}"
    assert found[bucket] == 1
    assert found['shipper_http_requests_total{method="GET",route="/api/v1/license",status="4xx"}'] == 1


def test_clients_cannot_make_up_labels() -> None:
    metrics = Metrics("1.2.3")
    for number in range(100):
        metrics.observe("", f"M{number}", 404, 0.001)
    metrics.observe("", "GET", 0, 0.001)
    found = {name for name in samples(metrics) if name.startswith("shipper_http_requests_total")}
    assert found == {
        'shipper_http_requests_total{method="other",route="other",status="4xx"}',
        'shipper_http_requests_total{method="GET",route="other",status="none"}',
    }


def test_build() -> None:
    name = f'shipper_build_info{{python="{platform.python_version()}",version="1.2.3"}}'
    assert samples(Metrics("1.2.3")) == {name: 1}


def test_connections() -> None:
    metrics, counts = Metrics("1"), Counts(open=3, accepted=5, refused=1, in_flight=lambda: 2)
    counts.closed["headers"] += 4
    counts.errors["BAD_REQUEST"] += 6
    metrics.watch_connections(counts)
    found = samples(metrics)
    assert found["shipper_connections_open"] == 3
    assert found["shipper_connections_accepted_total"] == 5
    assert found["shipper_connections_refused_total"] == 1
    assert found["shipper_http_requests_in_flight"] == 2
    assert found['shipper_connections_closed_total{reason="headers"}'] == 4
    assert found['shipper_http_refused_total{code="BAD_REQUEST"}'] == 6


def test_certificate(tmp_path: Path) -> None:
    pair = Authority().write(tmp_path)
    metrics, files = Metrics("1"), TlsFiles(*pair)
    metrics.watch_tls(files)
    found = samples(metrics)
    assert found["shipper_tls_certificate_expiry_timestamp_seconds"] > time.time()
    assert found["shipper_tls_certificate_ok"] == 1
    assert found["shipper_tls_reload_failures_total"] == 0
    pair[1].write_text("")
    assert not files.refresh()
    found = samples(metrics)
    assert found["shipper_tls_certificate_ok"] == 0
    assert found["shipper_tls_reload_failures_total"] == 1


def test_without_tls_there_is_no_certificate() -> None:
    metrics = Metrics("1")
    metrics.watch_tls(None)
    assert not any("tls" in name for name in samples(metrics))


def test_nothing_is_in_the_global_registry() -> None:
    metrics = Metrics("1")
    metrics.observe("/", "GET", 200, 0.001)
    assert b"shipper" not in prometheus_client.generate_latest()
    assert CONTENT_TYPE.startswith("text/plain; version=")
