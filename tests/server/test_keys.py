"""Named keys: how they look, the table, and the three routes; on both databases."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from shipper.server import keys
from shipper.server.authorize import key_authorizer
from shipper.server.keyring import KeyRing
from shipper.server.keyroutes import key_routes
from shipper.serving.app import application
from shipper.serving.failures import FailureLimit
from shipper.serving.routes import Scope
from tests.serving.asking import asked

if TYPE_CHECKING:
    from shipper.storage.database import Database
    from tests.serving.asking import Got

NOW = 1_800_000_000_000_000
STATIC = "the-static-license-key"


class TestGenerate:
    @pytest.mark.parametrize(
        ("scopes", "prefix"),
        [
            ({Scope.operator}, "shpo_"),
            ({Scope.report}, "shpr_"),
            ({Scope.admin}, "shpa_"),
            ({Scope.operator, Scope.report}, "shpo_"),
            ({Scope.report, Scope.admin}, "shpa_"),
        ],
    )
    def test_the_prefix_says_what_it_opens_at_worst(self, scopes: set[Scope], prefix: str) -> None:
        assert keys.generate(scopes).startswith(prefix)

    def test_a_scanner_for_secrets_can_tell_one_from_other_texts(self) -> None:
        key = keys.generate({Scope.operator})
        assert re.fullmatch(r"shp[oar]_[0-9A-Za-z]{33}", key)
        assert key[-6:] == keys.checksum(key[:-6])
        other = key[:-7] + ("1" if key[-7] != "1" else "2") + key[-6:]
        assert other[-6:] != keys.checksum(other[:-6])

    def test_160_bits_fit(self) -> None:
        assert 62**keys._RANDOM_DIGITS > 2**keys.RANDOM_BITS

    def test_no_two_are_alike(self) -> None:
        assert len({keys.generate({Scope.report}) for _ in range(1000)}) == 1000


def add(database: Database, name: str, *scopes: Scope, now: int = NOW) -> str:
    return database.write(lambda tx: keys.add(tx, name, scopes, now)).result()


class TestTable:
    def test_only_a_hash_is_kept(self, database: Database) -> None:
        key = add(database, "ops", Scope.report, Scope.operator)
        rows = database.read(lambda tx: tx.execute("SELECT * FROM keys")).result()
        assert key not in str(rows)
        assert key[5:-6] not in str(rows)
        (found,) = database.read(keys.list_keys).result()
        assert found == keys.KeyInfo("ops", (Scope.operator, Scope.report), NOW, None, None)

    def test_a_name_is_taken_while_its_key_works(self, database: Database) -> None:
        first = add(database, "ops", Scope.operator)
        with pytest.raises(keys.KeyExistsError, match='"ops"'):
            add(database, "ops", Scope.report)
        assert database.write(lambda tx: keys.revoke(tx, "ops", NOW + 1)).result()
        second = add(database, "ops", Scope.report, now=NOW + 2)
        assert first != second
        (found,) = database.read(keys.list_keys).result()
        assert found == keys.KeyInfo("ops", (Scope.report,), NOW + 2, None, None)

    def test_one_is_revoked_once(self, database: Database) -> None:
        add(database, "ops", Scope.operator)
        assert database.write(lambda tx: keys.revoke(tx, "ops", NOW + 1)).result()
        assert not database.write(lambda tx: keys.revoke(tx, "ops", NOW + 2)).result()
        assert not database.write(lambda tx: keys.revoke(tx, "other", NOW + 2)).result()
        (found,) = database.read(keys.list_keys).result()
        assert found.revoked == NOW + 1
        assert not database.read(keys.hashes).result()

    def test_the_last_use_never_goes_back(self, database: Database) -> None:
        add(database, "ops", Scope.operator)
        ((digest, _, _),) = database.read(keys.hashes).result()
        for at in (NOW + 5, NOW + 3):
            database.write(partial(keys.note_use, digest=digest, now=at)).result()
        (found,) = database.read(keys.list_keys).result()
        assert found.last_used == NOW + 5

    def test_there_is_a_limit(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keys, "MAX_KEYS", 1)
        add(database, "a", Scope.operator)
        with pytest.raises(keys.TooManyKeysError):
            add(database, "b", Scope.operator)


class Api:
    """The routes with what guards them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.admin = add(database, "root", Scope.admin)
        ring = KeyRing(STATIC, database, lambda: NOW)
        self.app = application(
            key_routes(database, ring, lambda: NOW), key_authorizer(ring, FailureLimit()), title="t", version="1"
        )

    async def ask(self, method: str, path: str = "", *, key: str | None = None, data: Any = None) -> Got:
        headers = [(b"x-license-key", (key or self.admin).encode())]
        return await asked(self.app, method, f"/api/v1/keys{path}", headers=headers, data=data)


class TestRoutes:
    def test_a_key_is_made_used_and_revoked(self, database: Database) -> None:
        async def run() -> None:
            api = Api(database)
            made = await api.ask("POST", data={"name": "second", "scopes": ["admin", "report"]})
            assert made.status == 201
            assert made.json["scopes"] == ["report", "admin"]
            assert made.json["created"] == "2027-01-15T08:00:00Z"
            key = made.json["key"]
            listed = await api.ask("GET", key=key)
            assert listed.status == 200
            assert [one["name"] for one in listed.json["keys"]] == ["root", "second"]
            assert key not in listed.body.decode()
            assert (await api.ask("DELETE", "/second")).status == 204
            assert (await api.ask("GET", key=key)).status == 401
            gone = await api.ask("DELETE", "/second")
            assert (gone.status, gone.json["code"]) == (404, "KEY_UNKNOWN")
            (_, second) = (await api.ask("GET")).json["keys"]
            assert second["revoked"] == "2027-01-15T08:00:00Z"

        asyncio.run(run())

    @pytest.mark.parametrize("scope", ["operator", "report"])
    def test_only_an_admin_may(self, database: Database, scope: str) -> None:
        async def run() -> None:
            api = Api(database)
            key = add(database, "x", Scope(scope))
            for one in (key, STATIC):
                assert (await api.ask("GET", key=one)).status == 403
                assert (await api.ask("POST", key=one, data={"name": "y", "scopes": ["admin"]})).status == 403
                assert (await api.ask("DELETE", "/root", key=one)).status == 403

        asyncio.run(run())

    @pytest.mark.parametrize(
        ("data", "status", "code"),
        [
            ({"name": "root", "scopes": ["admin"]}, 409, "KEY_EXISTS"),
            ({"name": "a b", "scopes": ["admin"]}, 422, "INVALID_BODY"),
            ({"name": "ab\n", "scopes": ["admin"]}, 422, "INVALID_BODY"),
            ({"name": "", "scopes": ["admin"]}, 422, "INVALID_BODY"),
            ({"name": "x" * 65, "scopes": ["admin"]}, 422, "INVALID_BODY"),
            ({"name": "x", "scopes": []}, 422, "INVALID_BODY"),
            ({"name": "x", "scopes": ["public"]}, 422, "INVALID_BODY"),
            ({"name": "x", "scopes": ["admin"], "key": "mine"}, 422, "INVALID_BODY"),
            ({"name": "x"}, 422, "INVALID_BODY"),
        ],
    )
    def test_what_is_refused(self, database: Database, data: Any, status: int, code: str) -> None:
        async def run() -> None:
            got = await Api(database).ask("POST", data=data)
            assert (got.status, got.json["code"]) == (status, code)

        asyncio.run(run())
