"""A Postgres that others reach over TCP and TLS, as in a cluster, with a password that it wants to see."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg

from tests import faulty
from tests.databases import Cluster, require_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme

NAME, USER, PASSWORD = "licenses", "license_server", "a-password-of-the-database"


class TlsPostgres(Cluster):
    """It on `port` of localhost, with a certificate that `authority` signed and a database of our own."""

    def __init__(self, folder: Path, binaries: Path, authority: trustme.CA) -> None:
        super().__init__(folder, binaries)
        self.port = faulty.closed_port()
        issued = authority.issue_cert("localhost")
        issued.cert_chain_pems[0].write_to_path(str(self.data / "server.crt"))
        issued.private_key_pem.write_to_path(str(self.data / "server.key"))
        owner = self.data.stat()
        for name in ("server.crt", "server.key"):
            (self.data / name).chmod(0o600)
            shutil.chown(self.data / name, owner.st_uid, owner.st_gid)
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nssl = on\n")
        (self.data / "pg_hba.conf").write_text(
            "local all tester trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8"
        )

    def url(self, database: str = NAME) -> str:
        """The way past all that, for the test itself."""
        return f"postgresql://tester@/{database}?host={self.folder}&port={self.port}"

    def make_database(self) -> None:
        """The database and its owner, as an admin makes them."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
            connection.execute(f"CREATE DATABASE {NAME} OWNER {USER}")


@contextmanager
def tls_postgres(authority: trustme.CA) -> Iterator[TlsPostgres]:
    """One that runs."""
    binaries = require_programs()
    with TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        cluster = TlsPostgres(Path(folder), binaries, authority)
        cluster.start()
        try:
            cluster.make_database()
            yield cluster
        finally:
            cluster.stop("immediate")
