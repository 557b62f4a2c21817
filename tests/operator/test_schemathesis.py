"""Schemathesis asks the whole operator by its OpenAPI document: with its server and without, in a cluster and not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.operator.caps import RateLimit
from tests.operator.apiserver import FakeApiServer
from tests.operator.assembled import Assembly
from tests.operator.fakeserver import Answer
from tests.serving.bydocument import FULL, AskedByDocument

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operator.assembled import Operator

pytestmark = pytest.mark.slow

EXAMPLES = 1000 if FULL else 10
PUBLIC = {"/health", "/live", "/ready", "/metrics", "/api/v1/openapi.json", "/api/v1/status"}
# 410 is the answer to sessions that have ended, whose ids Schemathesis likes to use again
CONFIG = """\
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "410", "429"]
"""


def asked(operator: Operator, folder: Path, *headers: str, examples: int = EXAMPLES) -> AskedByDocument:
    operator.parts.sessions.most = 1_000_000
    return AskedByDocument(operator.app, operator.app.inner, folder, CONFIG, *headers, examples=examples)


def test_an_app_reaches_everything(tmp_path: Path) -> None:
    with Assembly(tmp_path / "state") as assembly:
        run = asked(assembly.operator(limit=RateLimit(1_000_000_000)), tmp_path)
    run.require_clean()
    assert run.succeeded() == run.operations


def test_while_the_server_is_away(tmp_path: Path) -> None:
    with Assembly(tmp_path / "state") as assembly:
        operator = assembly.operator(limit=RateLimit(1_000_000_000))
        operator.server.fault = lambda _: Answer(503)
        run = asked(operator, tmp_path)
    run.require_clean()
    assert run.succeeded() == run.operations


def test_in_a_cluster(tmp_path: Path) -> None:
    api = FakeApiServer(tmp_path / "pod")
    api.tokens["good.a.b"] = ("system:serviceaccount:shop:app", ["https://kubernetes.default.svc.cluster.local"])
    with Assembly(tmp_path / "state") as assembly:
        operator = assembly.operator(api=api.client(), limit=RateLimit(1_000_000_000))
        run = asked(operator, tmp_path, "Authorization: Bearer good.a.b", examples=5)
    api.close()
    run.require_clean()
    assert run.succeeded() == run.operations


def test_nobody_gets_in(tmp_path: Path) -> None:
    api = FakeApiServer(tmp_path / "pod")
    with Assembly(tmp_path / "state") as assembly:
        operator = assembly.operator(api=api.client(), limit=RateLimit(1_000_000_000))
        run = asked(operator, tmp_path, examples=3)
    api.close()
    run.require_clean()
    assert {path for path, _ in run.succeeded()} == PUBLIC
