"""Schemathesis asks the whole operator by its OpenAPI document: all checks, sequences of requests too.

It runs as a program of its own, so that its plugins and settings don't touch other tests. Nothing is held off here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from shipper.operator.caps import RateLimit
from shipper.serving.limits import Limits
from tests.operator.apiserver import FakeApiServer
from tests.operator.assembled import Assembly
from tests.operator.fakeserver import Answer
from tests.serving.inprocess import Running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.operator.assembled import Operator

pytestmark = pytest.mark.slow

FULL = os.environ.get("SHIPPER_FAULTS") == "full"
EXAMPLES = 1000 if FULL else 10
SECONDS = 3 * 3600 if FULL else 300
PUBLIC = {"/health", "/live", "/ready", "/metrics", "/api/v1/openapi.json", "/api/v1/status"}
# 410 is the answer to sessions that have ended, whose ids Schemathesis likes to use again
CONFIG = """\
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "410", "429"]
"""


class Asked:
    """A run of Schemathesis: what was answered, by route and status."""

    def __init__(self, operator: Operator, folder: Path, *headers: str, examples: int = EXAMPLES) -> None:
        self.answers: Counter[tuple[str, str, int]] = Counter()
        inner = operator.app.inner
        inner.observe = self._observe
        self.operations = {(route.path, route.method) for route in inner.routes}
        operator.parts.sessions.most = 1_000_000
        (folder / "schemathesis.toml").write_text(CONFIG)
        with Running(operator.app, limits=Limits(connections_per_source=4096)) as service:
            command = [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")),
                *("run", f"{service.url}/api/v1/openapi.json", "--checks", "all", "--continue-on-failure"),
                *("--max-examples", str(examples), "--no-color"),
                *(["--generation-database", "none"] if FULL else ["--generation-deterministic"]),
                *(part for header in headers for part in ("--header", header)),
            ]
            kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
            done = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
                env={**kept, "PYTHONWARNINGS": "ignore", "NO_PROXY": "*"},
            )
        self.code = done.returncode
        self.output = done.stdout + done.stderr

    def _observe(self, path: str, method: str, status: int, _seconds: float) -> None:
        self.answers[path, method, status] += 1

    def require_clean(self) -> None:
        """No check failed, and nothing was our mistake."""
        assert not [answer for answer in self.answers if answer[2] >= 500 or not answer[2]]
        assert self.code == 0, self.output

    def succeeded(self) -> set[tuple[str, str]]:
        """The operations that did what was asked at least once."""
        return {(path, method) for path, method, status in self.answers if 200 <= status < 300 and method != "HEAD"}


def test_an_app_reaches_everything(tmp_path: Path) -> None:
    with Assembly(tmp_path / "state") as assembly:
        run = Asked(assembly.operator(limit=RateLimit(1_000_000_000)), tmp_path)
    run.require_clean()
    assert run.succeeded() == run.operations


def test_while_the_server_is_away(tmp_path: Path) -> None:
    with Assembly(tmp_path / "state") as assembly:
        operator = assembly.operator(limit=RateLimit(1_000_000_000))
        operator.server.fault = lambda _: Answer(503)
        run = Asked(operator, tmp_path)
    run.require_clean()
    assert run.succeeded() == run.operations


def test_in_a_cluster(tmp_path: Path) -> None:
    api = FakeApiServer(tmp_path / "pod")
    api.tokens["good.a.b"] = ("system:serviceaccount:shop:app", ["https://kubernetes.default.svc.cluster.local"])
    with Assembly(tmp_path / "state") as assembly:
        operator = assembly.operator(api=api.client(), limit=RateLimit(1_000_000_000))
        run = Asked(operator, tmp_path, "Authorization: Bearer good.a.b", examples=5)
    api.close()
    run.require_clean()
    assert run.succeeded() == run.operations


def test_nobody_gets_in(tmp_path: Path) -> None:
    api = FakeApiServer(tmp_path / "pod")
    with Assembly(tmp_path / "state") as assembly:
        operator = assembly.operator(api=api.client(), limit=RateLimit(1_000_000_000))
        run = Asked(operator, tmp_path, examples=3)
    api.close()
    run.require_clean()
    assert {path for path, _ in run.succeeded()} == PUBLIC
