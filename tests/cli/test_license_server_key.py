"""`shipper license-server key add|list|revoke`, beside a server that has the database open."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from shipper.errors import shown
from shipper.server.keyring import KeyRing
from shipper.serving.auth import digest
from shipper.serving.routes import Scope
from tests.program import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shipper.storage.database import Database
    from tests.program import Ran

    Key = Callable[..., Ran]

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def key(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Key:
    """Runs the command while `database` is open, as a server has it."""
    assert database.kind
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *arguments: run(monkeypatch, "license-server", "key", *arguments)


def test_a_key_that_is_added_works_and_one_that_is_revoked_does_not(key: Key, database: Database) -> None:
    added = key("add", "eu", "--scope", "operator", "--scope", "report")
    assert (added.code, added.err) == (0, "")
    assert re.fullmatch(r"shpo_[0-9A-Za-z]{33}\n", added.out)
    hashed = digest(added.out.strip().encode())

    async def run() -> None:
        ring = KeyRing("static", database, lambda: 1_800_000_000_000_000)
        found = await ring.find(hashed)
        assert found is not None
        assert found.scopes == {Scope.operator, Scope.report}
        assert key("revoke", "eu").out == 'revoked the key "eu"\n'
        ring.forget()  # two seconds later
        assert await ring.find(hashed) is None

    asyncio.run(run())


def test_they_are_listed_without_themselves(key: Key) -> None:
    secret = key("add", "b", "--scope", "admin").out.strip()
    key("add", "a", "--scope", "report")
    key("revoke", "a")
    listed = key("list").out
    assert re.fullmatch(
        rf"NAME +SCOPES +CREATED +LAST USED +REVOKED\na +report +{TIME} +- +{TIME}\nb +admin +{TIME} +- +-\n", listed
    )
    as_json, as_yaml = json.loads(key("list", "-o", "json").out), yaml.safe_load(key("list", "-o", "yaml").out)
    assert as_json == as_yaml
    assert [(one["name"], one["scopes"], one["revoked"] is None) for one in as_json["keys"]] == [
        ("a", ["report"], False),
        ("b", ["admin"], True),
    ]
    assert secret not in listed + str(as_json)


def test_none_are_listed_too(key: Key) -> None:
    assert key("list").out == "NAME  SCOPES  CREATED  LAST USED  REVOKED\n"
    assert json.loads(key("list", "-o", "json").out) == {"keys": []}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "x"], "--scope is missing"),
        (["add", "x", "--scope", "root"], "root"),
        (["add", "--scope", "admin"], "NAME"),
        (["add", "a b", "--scope", "admin"], '"a b" is no name for a key'),
        (["add", "-x", "--scope", "admin"], "-x"),
        (["add", "é", "--scope", "admin"], "is no name for a key"),
        (["add", "x" * 65, "--scope", "admin"], "is no name for a key"),
        (["add", "taken", "--scope", "admin"], 'a key is called "taken" already'),
        (["revoke", "takn"], 'no key that works is called "takn" (did you mean "taken"?)'),
        (["revoke", "\x1b[31m"], "is no name for a key"),
    ],
)
def test_what_is_refused(key: Key, arguments: list[str], said: str) -> None:
    assert key("add", "taken", "--scope", "report").code == 0
    ran = key(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("arguments", [["list"], ["revoke", "eu"]])
def test_only_adding_a_key_makes_a_database(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "mistyped.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    ran = run(monkeypatch, "license-server", "key", *arguments)
    assert ran.code == 2
    assert ran.err.startswith(f"error: there is no database {shown(str(path))} (--database-url or DATABASE_URL")
    assert not path.exists()
    added = run(monkeypatch, "license-server", "key", "add", "eu", "--scope", "operator")
    assert added.code == 0
    assert added.err.startswith(f"warning: there was no database {shown(str(path))}, and it is made now")
    assert run(monkeypatch, "license-server", "key", *arguments).code == 0


def test_a_database_that_is_away_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:s3cr3t-password@127.0.0.1:1/db")
    ran = run(monkeypatch, "license-server", "key", "list")
    assert ran.code == 7
    assert "s3cr3t" not in ran.err
    assert "Traceback" not in ran.err
