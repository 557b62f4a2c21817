"""The license server as one ASGI application: which routes there are, and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper import __version__
from shipper.server import clockmark
from shipper.server.authorize import key_authorizer
from shipper.server.health import Probe, health_routes
from shipper.server.keyring import KeyRing
from shipper.server.keyroutes import key_routes
from shipper.server.licenseroutes import license_routes
from shipper.server.metrics import ServerMetrics, metrics_route
from shipper.server.reports.routes import report_routes
from shipper.server.usageroutes import event_routes, seat_routes, session_routes
from shipper.serving.app import application
from shipper.serving.failures import FailureLimit

if TYPE_CHECKING:
    from shipper.server.licensefile import LicenseHolder
    from shipper.server.settings import ServerSettings
    from shipper.serving.app import Application
    from shipper.serving.lifecycle import Lifecycle
    from shipper.serving.metrics import Metrics
    from shipper.serving.routes import Route
    from shipper.serving.tls import TlsFiles
    from shipper.storage.database import Database
    from shipper.usage.clock import Clock

TITLE = "shipper license server"
DESCRIPTION = (
    "Gives operators the license, takes their reports of usage, decides about sessions, and counts seats. "
    "Nothing is sent to the vendor."
)


class Parts(NamedTuple):
    """What the server consists of."""

    settings: ServerSettings
    database: Database
    holder: LicenseHolder
    clock: Clock
    tls: TlsFiles | None
    lifecycle: Lifecycle
    metrics: Metrics


def server_routes(parts: Parts, ring: KeyRing) -> list[Route]:
    """All routes, but for the OpenAPI document, which is made of them."""
    _, database, holder, clock, tls, lifecycle, counted = parts
    metrics = ServerMetrics(counted, database, holder, clock)
    database = metrics.database
    probe = Probe(database, clock, clockmark.store)
    return [
        *health_routes(__version__, holder, clock, probe, tls, lifecycle),
        *license_routes(holder),
        metrics_route(metrics),
        *event_routes(database, clock, metrics.recorded),
        *session_routes(database, clock, holder, metrics.denied),
        *seat_routes(database, clock, holder),
        *report_routes(database, lambda: holder.current.license, clock.now),
        *key_routes(database, ring, clock.now),
    ]


def server_app(parts: Parts, failures: FailureLimit | None = None) -> Application:
    """The application; `failures` holds off who guesses keys, by default as documented."""
    settings = parts.settings
    ring = KeyRing(settings.license_key, parts.database, parts.clock.now)
    return application(
        server_routes(parts, ring),
        key_authorizer(ring, FailureLimit() if failures is None else failures, settings.trusted_proxies),
        title=TITLE,
        version=__version__,
        description=DESCRIPTION,
        root_path=settings.root_path,
        observe=parts.metrics.observe,
    )
