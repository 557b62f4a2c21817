"""The operator as a process: from its settings to its end, in an order in which nothing is answered too early."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING

from shipper import __version__
from shipper.errors import UsageError
from shipper.operator.activity import Activity
from shipper.operator.alone import Alone
from shipper.operator.app import Parts, operator_app
from shipper.operator.book import Book
from shipper.operator.callers import ServiceAccounts, anybody
from shipper.operator.caps import RateLimit
from shipper.operator.cluster import WhichCluster
from shipper.operator.deciding import Decider, Standing
from shipper.operator.hosts import Hosts
from shipper.operator.keeper import LicenseKeeper
from shipper.operator.kubeapi import in_this_pod
from shipper.operator.life import Life
from shipper.operator.metrics import OperatorCollector, ServerCalls
from shipper.operator.secretsync import SecretSync
from shipper.operator.sender import Sender
from shipper.operator.serverclient import ServerClient
from shipper.operator.sessions import SessionBook
from shipper.operator.spool import Spool
from shipper.operator.state import LICENSE, LICENSE_FILE, MARKS, SPOOL, StateFolder
from shipper.operator.status import CLOCK_BEHIND
from shipper.operator.tokenreview import TokenReviewer
from shipper.serving import logs
from shipper.serving.addresses import parse_address
from shipper.serving.lifecycle import Lifecycle
from shipper.serving.limits import Limits
from shipper.serving.metrics import Metrics
from shipper.serving.runner import bind, getting_ready, serve
from shipper.usage.times import SECOND

if TYPE_CHECKING:
    from shipper.operator.callers import Identify
    from shipper.operator.deciding import Deciding
    from shipper.operator.kubeapi import KubeApi
    from shipper.operator.sender import Identity
    from shipper.operator.settings import OperatorSettings

_LOG = logging.getLogger("shipper.operator")


def run(settings: OperatorSettings) -> int:
    """Serve apps until SIGTERM or SIGINT; the exit code. Only in the main thread.

    All that can be wrong with settings and the state folder is found before the port opens. Raises UsageError,
    OutputError, StorageError, NetworkError.
    """
    logs.configure(settings.log_level, settings.log_format)
    logs.hide(settings.license_key)
    with getting_ready(), contextlib.ExitStack() as opened:
        parts = assemble(settings, opened)
        _warn(settings, parts.keeper.clock.behind() // SECOND)
        listener = bind(parse_address(settings.listen), limits=Limits(drain_seconds=settings.drain_seconds))
        parts.metrics.watch_connections(listener.counts)
        life = Life(parts)
        return serve(
            operator_app(parts), listener, started=life.start, stopping=life.stop, draining=parts.lifecycle.stop
        )


def assemble(settings: OperatorSettings, opened: contextlib.ExitStack) -> Parts:
    """All parts, at rest; what has to be closed is left to `opened`. Raises as `run`."""
    hosts = Hosts(settings.allowed_hosts)
    metrics = Metrics(__version__)
    api = in_this_pod(os.environ)
    identify = _identify(settings, api, opened)
    folder = opened.enter_context(StateFolder(settings.state_dir))
    client = _client(settings, metrics)
    if client is not None:
        opened.callback(client.close)
    keeper = LicenseKeeper(
        client,
        folder,
        settings.trust,
        license_path=settings.license_path,
        product=settings.product,
        refresh_seconds=settings.refresh_seconds,
    )
    spool = opened.enter_context(Spool.open(folder.file(SPOOL)))
    cluster = WhichCluster(folder, settings.cluster_name, api)
    identity = cluster.identity
    sender = Sender(spool, client, identity, keeper.clock.now)
    decider = _decider(client, keeper, spool, identity, opened)
    sessions = SessionBook(Book(spool.database), decider)
    sessions.load()
    sync = _sync(settings, api, keeper, sender)
    metrics.registry.register(OperatorCollector(keeper, sessions, spool, sender, sync))
    return Parts(
        keeper=keeper,
        sessions=sessions,
        spool=spool,
        sender=sender,
        metrics=metrics,
        identify=identify,
        hosts=hosts,
        server_url=settings.server.url.rstrip("/") if settings.server else "",
        limit=RateLimit(),
        cluster=cluster,
        sync=sync,
        lifecycle=Lifecycle(),
        with_tokens=settings.tokens,
    )


def _sync(settings: OperatorSettings, api: KubeApi | None, keeper: LicenseKeeper, sender: Sender) -> SecretSync | None:
    """What keeps Secrets, where any are named."""
    if api is None or not settings.sync.namespaces:
        return None
    return SecretSync(
        api,
        settings.sync,
        keeper.current,
        trust=settings.trust,
        product=settings.product,
        report=lambda text: sender.tell("error", text),
        now=keeper.clock.now,
    )


def _client(settings: OperatorSettings, metrics: Metrics) -> ServerClient | None:
    """For the license server, None where the operator stands alone."""
    if settings.server is None:
        return None
    calls = ServerCalls(metrics.registry)
    return ServerClient(settings.server, settings.license_key, ca_file=settings.ca_file, observe=calls.observe)


def _decider(
    client: ServerClient | None, keeper: LicenseKeeper, spool: Spool, identity: Identity, opened: contextlib.ExitStack
) -> Deciding:
    """Who decides about sessions. Raises StorageError."""
    if client is None:
        return Alone(
            activity=Activity(spool.database),
            license=lambda: _standing(keeper).license,
            missing=keeper.missing,
            clock=keeper.clock,
            operator=identity.operator,
            cluster=identity.cluster,
            cluster_id=identity.cluster_id,
        )
    decider = Decider(
        server=client,
        report=spool.put,
        standing=lambda: _standing(keeper),
        clock=keeper.clock,
        operator=identity.operator,
        cluster=identity.cluster,
        cluster_id=identity.cluster_id,
    )
    opened.callback(decider.close)
    return decider


def _standing(keeper: LicenseKeeper) -> Standing:
    held = keeper.current()
    return Standing(held.license if held else None, keeper.offline())


def _identify(settings: OperatorSettings, api: KubeApi | None, opened: contextlib.ExitStack) -> Identify:
    """Who calls: with tokens, whom the API server names. Raises UsageError."""
    if not settings.tokens:
        return anybody
    if api is None:
        raise UsageError("callers must show tokens, and KUBERNETES_SERVICE_HOST doesn't say who could check them")
    accounts = ServiceAccounts(TokenReviewer(api, settings.token_audience), settings.allowed_callers)
    opened.callback(accounts.close)
    return accounts


def _warn(settings: OperatorSettings, behind: int) -> None:
    """`behind` is in seconds."""
    if settings.server is None:
        _LOG.info("the operator stands alone: the license is that of %s, and nothing is sent", settings.license_path)
    if settings.key_in_arguments:
        _LOG.warning("the license key stands on the command line, where others can read it: give @FILE")
    if settings.in_the_clear:
        _LOG.warning("the license key and all that is reported is sent in the clear over http; use https")
    if behind >= CLOCK_BEHIND // SECOND:
        _LOG.warning(
            "the clock is %d seconds behind the highest time it has shown, by which expiry is judged; if that time was "
            "wrong, stop the operator, and remove %s, %s and %s from its folder",
            behind,
            MARKS,
            LICENSE,
            LICENSE_FILE,
        )
