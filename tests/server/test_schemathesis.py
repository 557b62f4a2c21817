"""Schemathesis asks the whole license server by its OpenAPI document: with every kind of key, and with none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.serving.routes import Scope
from shipper.storage.open import open_database
from tests.server.assembled import STATIC, assemble
from tests.serving.bydocument import FULL, AskedByDocument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.storage.database import Database

pytestmark = pytest.mark.slow

EXAMPLES = 1000 if FULL else 15
PHASES = "examples,coverage,fuzzing"
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


def asked(
    database: Database, folder: Path, key: str | Scope | None, examples: int, phases: str = PHASES, paths: str = ""
) -> AskedByDocument:
    server = assemble(database, folder)
    shown = server.keys.get(key, key) if isinstance(key, Scope) else key
    headers = [f"x-license-key: {shown}"] if shown else []
    return AskedByDocument(
        server.app, server.app, folder, CONFIG, *headers, examples=examples, phases=phases, paths=paths
    )


def test_an_admin_reaches_everything(database: Database, tmp_path: Path) -> None:
    run = asked(database, tmp_path, Scope.admin, EXAMPLES)
    run.require_clean()
    assert run.succeeded() == run.operations


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [("sessions", {("sessions/{id}", "PUT"), ("sessions/{id}", "DELETE")}), ("keys", {("keys/{name}", "DELETE")})],
)
def test_what_was_made_is_changed_and_removed(
    sqlite: Database, tmp_path: Path, paths: str, wanted: set[tuple[str, str]]
) -> None:
    # One kind of thing at a time: among all of them it may stay with what it began with
    run = asked(sqlite, tmp_path, Scope.admin, 4 * EXAMPLES, "stateful", paths)
    run.require_clean()
    assert run.succeeded() >= {(f"/api/v1/{path}", method) for path, method in wanted}


def test_the_static_key(sqlite: Database, tmp_path: Path) -> None:
    run = asked(sqlite, tmp_path, STATIC, EXAMPLES // 3)
    run.require_clean()
    assert {path for path, _ in run.operations - run.succeeded()} == {"/api/v1/keys", "/api/v1/keys/{name}"}


def test_no_key(sqlite: Database, tmp_path: Path) -> None:
    run = asked(sqlite, tmp_path, None, 5)
    run.require_clean()
    assert {path for path, _ in run.succeeded()} == {"/health", "/live", "/ready", "/metrics", "/api/v1/openapi.json"}
