"""The whole license server in this process, with a key for each scope."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from shipper.server import keys
from shipper.server.app import Parts, server_app
from shipper.server.licensefile import LicenseHolder
from shipper.server.settings import ServerSettings
from shipper.serving.failures import FailureLimit
from shipper.serving.lifecycle import Lifecycle
from shipper.serving.metrics import Metrics
from shipper.usage.clock import Clock
from tests.license.sample import VENDOR, license_file

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.serving.app import Application
    from shipper.serving.routes import Scope
    from shipper.storage.database import Database

STATIC = "a-static-key-for-tests-only"


class Server(NamedTuple):
    """`keys`: one named key for each scope."""

    app: Application
    holder: LicenseHolder
    keys: dict[Scope, str]


def assemble(database: Database, folder: Path, *, failures: int = 1_000_000) -> Server:
    """The server with a license in `folder`; it holds off nobody unless `failures` says so."""
    path = folder / "license.pem"
    path.write_bytes(license_file())
    clock = Clock()
    holder = LicenseHolder(str(path), [VENDOR.public], clock.now, lambda _, serial: serial)
    settings = ServerSettings(STATIC, str(path), "")
    app = server_app(Parts(settings, database, holder, clock, None, Lifecycle(), Metrics("1")), FailureLimit(failures))
    made = {
        scope: database.write(partial(keys.add, name=scope.value, scopes=[scope], now=clock.now())).result()
        for scope in keys.PREFIXES
    }
    return Server(app, holder, made)
