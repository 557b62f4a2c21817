"""TLS to a real Postgres, asked for by PGSSLMODE and PGSSLROOTCERT: who isn't known, or has another name, is refused."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from shipper.server.settings import load_database_url
from shipper.storage.database import LostError, StorageError
from shipper.storage.open import open_database
from tests.databases import Cluster, require_programs
from tests.poduser import as_pod_user, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "localhost"


class Secured(Cluster):
    """A Postgres on loopback that takes nobody without TLS; its certificate is for `localhost`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, require_programs())
        self.authority = trustme.CA()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        made = self.authority.issue_cert(NAME)
        (self.data / "server.crt").write_bytes(made.cert_chain_pems[0].bytes())
        key = self.data / "server.key"
        key.write_bytes(made.private_key_pem.bytes())
        owner = self.data.stat()
        for file in (key, self.data / "server.crt"):
            file.chmod(0o600)
            shutil.chown(file, owner.st_uid, owner.st_gid)
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nssl = on\n")
        (self.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\nlocal all all trust\n")

    def variables(self, host: str = NAME, **more: str) -> dict[str, str]:
        return {"PGHOST": host, "PGPORT": str(self.port), "PGUSER": "tester", "PGDATABASE": "postgres", **more}


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        cluster = Secured(Path(folder))
        cluster.start()
        yield cluster
        cluster.stop("immediate")


@pytest.fixture
def root(secured: Secured, tmp_path: Path) -> str:
    secured.authority.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    return str(tmp_path / "ca.crt")


def connected(variables: dict[str, str]) -> bool:
    """Whether a server with these variables has TLS to its database. Raises StorageError."""
    database = open_database(load_database_url({}, variables))
    try:
        ((ssl,),) = database.read(
            lambda tx: tx.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        ).result()
        return bool(ssl)
    finally:
        database.close()


@pytest.mark.parametrize("mode", ["verify-full", "VerifyFull", "verify_full", "VERIFY-CA", "require"])
def test_with_the_authority_that_signed_it(mode: str, secured: Secured, root: str) -> None:
    assert connected(secured.variables(PGSSLMODE=mode, PGSSLROOTCERT=root))


def test_lines_may_end_as_on_windows_and_comments_hold_anything(secured: Secured, root: str) -> None:
    path = Path(root)
    path.write_bytes("# Autorité\n".encode() + path.read_bytes().replace(b"\n", b"\r\n"))
    assert connected(secured.variables(PGSSLMODE="verify-full", PGSSLROOTCERT=root))


@pytest.mark.parametrize("mode", ["verify-full", "VerifyFull", "verify-ca"])
def test_another_authority(mode: str, secured: Secured, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.crt"))
    with pytest.raises(LostError, match="certificate verify failed"):
        connected(secured.variables(PGSSLMODE=mode, PGSSLROOTCERT=str(tmp_path / "other.crt")))


def test_another_name(secured: Secured, root: str) -> None:
    variables = secured.variables("127.0.0.1", PGSSLROOTCERT=root)
    assert connected(variables | {"PGSSLMODE": "verify-ca"})
    with pytest.raises(StorageError, match="does not match host name"):
        connected(variables | {"PGSSLMODE": "verify-full"})


def test_verified_by_the_well_known_ones(secured: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a file of one's own, as everywhere else: they don't know this one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(LostError, match="certificate verify failed"):
        connected(secured.variables(PGSSLMODE="verify-full"))


def test_where_libpq_looks_by_itself(
    secured: Secured, root: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".postgresql").mkdir()
    Path(root).rename(tmp_path / ".postgresql" / "root.crt")
    assert connected(secured.variables(PGSSLMODE="verify-full"))


def test_none_at_all_is_refused_there(secured: Secured) -> None:
    with pytest.raises(StorageError, match=r"no pg_hba\.conf entry"):
        connected(secured.variables(PGSSLMODE="disable"))


def test_they_fill_in_what_a_url_leaves_out(secured: Secured, root: str) -> None:
    url = f"postgres://tester@{NAME}:{secured.port}/postgres"
    tls = {"PGSSLMODE": "VerifyFull", "PGSSLROOTCERT": root}
    assert connected({"DATABASE_URL": url, **tls})
    assert connected({"DATABASE_URL": f"{url}?sslmode=require", "PGSSLMODE": "disable"})


def test_by_a_user_without_a_name_and_a_home(secured: Secured, tmp_path: Path) -> None:
    """libpq looks for files of the user: that there is none must not matter."""
    root = tmp_path / "ca.crt"
    secured.authority.cert_pem.write_to_path(str(root))
    variables = secured.variables(PGSSLMODE="verify-full", PGSSLROOTCERT=str(root))
    assert connected(variables)  # whatever that loads, the other user can't
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    mounted(root)

    def work() -> None:
        assert connected(variables)
        with pytest.raises(LostError, match="certificate verify failed"):
            connected({name: text for name, text in variables.items() if name != "PGSSLROOTCERT"})

    as_pod_user(work)
