"""The license server as a process: from its settings to its end, in an order in which nothing is served too early."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from shipper import __version__
from shipper.errors import UsageError
from shipper.license import watched
from shipper.server import clockmark, retention
from shipper.server.app import Parts, server_app
from shipper.server.keyring import short_key_warning
from shipper.server.licensefile import LicenseHolder, judged, recorder
from shipper.server.migrate import migrate
from shipper.server.settings import trust_keys
from shipper.serving import logs
from shipper.serving.addresses import parse_address
from shipper.serving.lifecycle import Lifecycle
from shipper.serving.limits import Limits
from shipper.serving.metrics import Metrics
from shipper.serving.runner import bind, getting_ready, serve
from shipper.serving.tls import TlsFiles
from shipper.storage.database import StorageError
from shipper.storage.location import PostgresLocation, locate
from shipper.storage.open import open_database
from shipper.usage.times import SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shipper.license.keys import PublicKey
    from shipper.server.settings import ServerSettings
    from shipper.usage.clock import Clock

MARK_SECONDS = 10.0
"""How often the highest time seen is written."""

CLOCK_SECONDS = 300
"""How far the clock may be behind without a warning."""

_LOG = logging.getLogger("shipper.server")


def run(settings: ServerSettings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Only in the main thread.

    All that can be wrong with settings, database and license is found before the port opens. Raises UsageError,
    StorageError, LicenseError, NetworkError.
    """
    logs.configure(settings.log_level, settings.log_format)
    _hide_secrets(settings)
    trust = trust_keys(settings.trust_key_paths)
    tls = TlsFiles(settings.tls.cert_path, settings.tls.key_path) if settings.tls else None
    try:
        judged(watched.read(settings.license_path), settings.license_path, trust, 0)
    except UsageError as error:
        error.subject = "LICENSE_PATH"
        raise
    _LOG.info("using %s", locate(settings.database_url))
    with getting_ready():
        return _run(settings, trust, tls)


def _run(settings: ServerSettings, trust: Sequence[PublicKey], tls: TlsFiles | None) -> int:
    if settings.migrate_database_url:
        migrate(settings.migrate_database_url, settings.database_url)
    with contextlib.closing(open_database(settings.database_url)) as database:
        clock = clockmark.clock_of(database)
        holder = LicenseHolder(settings.license_path, trust, clock.now, recorder(database))
        lifecycle = Lifecycle()
        metrics = Metrics(__version__)
        app = server_app(Parts(settings, database, holder, clock, tls, lifecycle, metrics))
        _warn(settings, clock)
        listener = bind(parse_address(settings.address), tls=tls, limits=Limits(drain_seconds=settings.drain_seconds))
        metrics.watch_connections(listener.counts)
        metrics.watch_tls(tls)
        background = Background(
            {
                "license file": (watched.LOOK_SECONDS, holder.look),
                "clock mark": (MARK_SECONDS, lambda: clockmark.keep(database, clock)),
                "old errors": (
                    retention.EVERY_SECONDS,
                    lambda: retention.remove_old(database, clock.now(), settings.error_events_retention_days),
                ),
            }
        )
        code = serve(app, listener, started=background.start, stopping=background.stop, draining=lifecycle.stop)
        with contextlib.suppress(StorageError, TimeoutError):
            clockmark.keep(database, clock, timeout=1)
        return code


def _hide_secrets(settings: ServerSettings) -> None:
    logs.hide(settings.license_key)
    location = locate(settings.database_url)
    password = location.parameters.get("password") if isinstance(location, PostgresLocation) else None
    if password:
        logs.hide(settings.database_url)
        logs.hide(password)


def _warn(settings: ServerSettings, clock: Clock) -> None:
    short = short_key_warning(settings.license_key)
    if short:
        _LOG.warning(short)
    if settings.key_in_arguments:
        _LOG.warning("the license key stands on the command line, where others can read it: give @FILE or LICENSE_KEY")
    if settings.tls is None:
        _LOG.warning("TLS is off: the license key and all that is reported is sent in the clear")
    behind = clock.behind() // SECOND
    if behind >= CLOCK_SECONDS:
        _LOG.warning(
            "the clock is %d seconds behind the highest time seen, by which expiry is judged; "
            "if that time was wrong, stop the server and forget it: shipper license-server clock --reset",
            behind,
        )


class Background:
    """Work that is done again and again in threads, each with its pause in seconds."""

    def __init__(self, works: dict[str, tuple[float, Callable[[], object]]]) -> None:
        self._works = works
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin, on the running event loop."""
        self._tasks = [
            asyncio.create_task(self._repeat(name, pause, work)) for name, (pause, work) in self._works.items()
        ]

    async def stop(self) -> None:
        """Let what runs finish."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(self, name: str, pause: float, work: Callable[[], object]) -> None:
        while True:
            await asyncio.sleep(pause)
            try:
                await asyncio.to_thread(work)
            except StorageError as error:
                _LOG.warning("%s: %s", name, error)
            except Exception:  # noqa: BLE001 - the work goes on, whatever happens to it once
                _LOG.exception("unexpected error: %s", name)
