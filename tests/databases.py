"""Both databases for tests: a SQLite file, and a real Postgres that is started once in a worker.

    def test_something(database: Database) -> None:     both kinds, one after the other, empty
    def test_something(postgres_url: str) -> None:       the URL of an empty database of its own

Postgres is found on the PATH or where Debian puts it, keeps its
data in a temporary folder, listens on a socket there and nowhere else, and is stopped at the end.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.storage.database import Database

_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "max_wal_size": "128MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
    "restart_after_crash": "on",
}
_count = itertools.count()


@cache
def programs() -> Path | None:
    """The folder of Postgres' programs, None where there is none."""
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(_DEBIAN.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return installed[-1].parent if installed else None


def require_programs() -> Path:
    """Their folder for a test: skips where it is missing, fails where tools are required."""
    found = programs()
    if found is None:
        if os.environ.get("SHIPPER_REQUIRE_TOOLS") == "1":
            pytest.fail("postgres is required and missing")
        pytest.skip("postgres is missing")
    return found


class Cluster:
    """A Postgres server with its own data folder. Root may not run one, and runs it as somebody else."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self._binaries = binaries
        self._user = _unprivileged() if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        folder.chmod(0o711)
        self.data = folder / "data"
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=tester", "--no-sync")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.writelines(f"{name} = {value}\n" for name, value in _SETTINGS.items())
            settings.write(f"unix_socket_directories = '{folder}'\nunix_socket_permissions = 0777\n")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._run("pg_ctl", "start", "--wait", "--silent", f"--log={self.folder / 'log'}")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast`, or `immediate`, which is a crash."""
        self._run("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}")

    def url(self, database: str = "postgres") -> str:
        """The URL of one of its databases."""
        return f"postgresql://tester@/{database}?host={self.folder}"

    def new_schema(self) -> str:
        """The URL of a new empty schema, which takes a hundredth of the time that a database takes."""
        name = self._create("SCHEMA")
        return f"{self.url()}&options=-csearch_path%3D{name}"

    def new_database(self) -> str:
        """The URL of a new empty database, where it matters who else is connected to it."""
        return self.url(self._create("DATABASE"))

    def _create(self, what: str) -> str:
        import psycopg

        name = f"test_{next(_count)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE {what} {name}".encode())
        return name

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), f"--pgdata={self.data}", *arguments]
        if self._user:
            command = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups", *command]
        # Its output is a file: a server that is started would hold a pipe open
        with tempfile.TemporaryFile("w+") as output:
            environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
            done = subprocess.run(
                command, cwd=self.folder, env=environment, stdout=output, stderr=output, check=False, timeout=60
            )
            output.seek(0)
            assert done.returncode == 0, output.read()


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise AssertionError("neither postgres nor nobody is a user")


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A server that is running, for a test that stops it."""
    binaries = require_programs()
    # Not below pytest's folder, whose parents nobody else may enter; and a socket's path is short
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        cluster = Cluster(Path(folder), binaries)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A server that is running, one for each worker."""
    with own_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> str:
    """The URL of an empty schema of its own."""
    return postgres_cluster.new_schema()


def new_url(request: pytest.FixtureRequest, folder: Path, kind: str) -> str:
    """The URL of an empty database of its own, `sqlite` (in `folder`) or `postgres`."""
    if kind == "sqlite":
        return f"sqlite:///{folder}/license-server.db"
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    return cluster.new_database()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty SQLite file, and of an empty schema in Postgres."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/license-server.db"
    cluster: Cluster = request.getfixturevalue("postgres_cluster")
    return cluster.new_schema()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database of each kind, with the license server's schema."""
    from shipper.storage.open import open_database

    opened = open_database(database_url)
    try:
        yield opened
    finally:
        opened.close()
