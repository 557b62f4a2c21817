"""Schemathesis asks the whole server by its OpenAPI document: all checks, sequences of requests too.

It runs as a program of its own, so that its plugins and settings don't touch other tests. Nothing is held off here:
it shows wrong keys to every route, and wants to hear 401.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from shipper.serving.limits import Limits
from shipper.serving.routes import Scope
from shipper.storage.open import open_database
from tests.server.assembled import STATIC, assemble
from tests.serving.inprocess import Running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.storage.database import Database

pytestmark = pytest.mark.slow

FULL = os.environ.get("SHIPPER_FAULTS") == "full"
EXAMPLES = 1000 if FULL else 15
PHASES = "examples,coverage,fuzzing"
SECONDS = 3 * 3600 if FULL else 300
# 410 is the answer to sessions that have ended, whose ids Schemathesis likes to use again; 400 that to a period which
# ends before it begins, which JSON Schema has no words for
CONFIG = """\
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "410", "429"]

[[operations]]
include-path-regex = "^/api/v1/reports/(usage|errors)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", "400", "401", "403", "429"]
"""


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/usage.db")
    yield opened
    opened.close()


class Asked:
    """A run of Schemathesis: what was answered, by route and status."""

    def __init__(
        self, database: Database, folder: Path, key: str | Scope | None, examples: int, phases: str = PHASES
    ) -> None:
        self.answers: Counter[tuple[str, str, int]] = Counter()
        server = assemble(database, folder)
        server.app.observe = self._observe
        self.operations = {(route.path, route.method) for route in server.app.routes}
        shown = server.keys.get(key, key) if isinstance(key, Scope) else key
        (folder / "schemathesis.toml").write_text(CONFIG)
        with Running(server.app, limits=Limits(connections_per_source=4096)) as service:
            command = [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")),
                *("run", f"{service.url}/api/v1/openapi.json", "--checks", "all", "--continue-on-failure"),
                *("--phases", phases, "--max-examples", str(examples), "--no-color"),
                *(["--generation-database", "none"] if FULL else ["--generation-deterministic"]),
                *(["--header", f"x-license-key: {shown}"] if shown else []),
            ]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS, env=_environment()
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


def _environment() -> dict[str, str]:
    """Without what pytest and coverage set, and without a way to report anywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONWARNINGS": "ignore", "NO_PROXY": "*"}


def test_an_admin_reaches_everything(database: Database, tmp_path: Path) -> None:
    run = Asked(database, tmp_path, Scope.admin, EXAMPLES)
    run.require_clean()
    assert run.succeeded() == run.operations


def test_what_was_made_is_changed_and_removed(sqlite: Database, tmp_path: Path) -> None:
    run = Asked(sqlite, tmp_path, Scope.admin, 4 * EXAMPLES, "stateful")
    run.require_clean()
    for path, method in [("sessions/{id}", "PUT"), ("sessions/{id}", "DELETE"), ("keys/{name}", "DELETE")]:
        assert (f"/api/v1/{path}", method) in run.succeeded()


def test_the_static_key(sqlite: Database, tmp_path: Path) -> None:
    run = Asked(sqlite, tmp_path, STATIC, EXAMPLES // 3)
    run.require_clean()
    assert {path for path, _ in run.operations - run.succeeded()} == {"/api/v1/keys", "/api/v1/keys/{name}"}


def test_no_key(sqlite: Database, tmp_path: Path) -> None:
    run = Asked(sqlite, tmp_path, None, 5)
    run.require_clean()
    assert {path for path, _ in run.succeeded()} == {"/health", "/live", "/ready", "/metrics", "/api/v1/openapi.json"}
