"""All parts together, as the charts say, while certificates and licenses change and parts of it are killed."""

from __future__ import annotations

import json
import signal
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from shipper.license.verify import verify
from shipper.server import ledger
from shipper.storage.open import open_database
from shipper.usage.clock import wall
from shipper.usage.sessions import started_id
from tests.cluster.app import App
from tests.cluster.load import SECONDS, Pipeline, Reporter, failures, go_on, stop
from tests.cluster.site import CLUSTERS, KEY, REPLICAS, Site, served
from tests.ingress.site import license_text
from tests.license.sample import VENDOR
from tests.program import run
from tests.server.ledgers import assert_fold_is_replay
from tests.wire import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shipper.license.document import License
    from tests.cluster.load import Client

pytestmark = pytest.mark.slow
SEATS, MORE_SEATS = 4, 6
USERS = {"east": ("ada", "bob"), "west": ("ada", "cy"), "north": ("ada", "dee")}
"""Who uses the product where: four people on three clusters."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with Site(tmp_path, monkeypatch, SEATS) as found:
        yield found


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 2 * SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def start(site: Site, cluster: str, user: str, account: str = "app") -> requests.Response:
    """An app asks its operator for a session."""
    return requests.post(
        f"{served(site.operators[cluster]).url}/api/v1/sessions",
        json={"user": {"username": user}, "heartbeat_seconds": 3600},
        headers=site.headers(cluster, account),
        timeout=SECONDS,
    )


def agree(site: Site, holders: set[str], limit: int) -> None:
    """Seats are the same wherever one looks: servers, reports, metrics, and the operators."""
    tables = [site.ask("/api/v1/seats"), *(site.ask("/api/v1/seats", replica) for replica in REPLICAS)]
    for table in tables:
        assert {seat["identity"] for seat in table["seats"]} == holders
        assert (table["used"], table["limit"]) == (len(holders), limit)
    for replica in REPLICAS:
        until(lambda replica=replica: site.metric(replica, "shipper_seats_used") == len(holders))  # type: ignore[misc]  # defaults bind now
        assert site.metric(replica, "shipper_seats_limit") == limit
    for cluster in CLUSTERS:
        assert start(site, cluster, "ada").json()["seat"]["used"] == len(holders)
        shown = site.status(cluster)["seats"]
        assert (shown["used"], shown["limit"]) == (len(holders), limit)
    report = asked(site, "usage", "report", "-o", "json")
    assert report["seats"]["used"] == len(holders)
    assert {user["identifier"] for user in report["userMetrics"]} >= holders
    assert asked(site, "usage", "seats", "-o", "json")["used"] == len(holders)


def asked(site: Site, *arguments: str) -> dict[str, Any]:
    """What a command of an admin prints."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHIPPER_LICENSE_SERVER", site.url)
        patch.setenv("SHIPPER_LICENSE_KEY", KEY)
        patch.setenv("SHIPPER_CA_FILE", str(site.ca_file))
        done = run(patch, *arguments)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_all_of_it(site: Site) -> None:
    for pod in (*site.servers.values(), *site.operators.values()):
        until(lambda pod=pod: pod.probe("readinessProbe") == 200)  # type: ignore[misc]  # defaults bind now
    license_is_everywhere(site, 1)
    for cluster, users in USERS.items():
        for user in users:
            assert start(site, cluster, user).json()["decided_by"] == "server"
    for cluster in CLUSTERS:
        denied = start(site, cluster, "eve")
        assert (denied.status_code, denied.json()["code"]) == (403, "SEAT_LIMIT_REACHED")
    assert start(site, "east", "ada", "stranger").json()["code"] == "CALLER_NOT_ALLOWED"
    agree(site, {"ada", "bob", "cy", "dee"}, SEATS)
    (everywhere,) = (seat for seat in site.ask("/api/v1/seats")["seats"] if seat["identity"] == "ada")
    uids = {name: cluster.uid for name, cluster in site.clusters.items()}
    assert everywhere["clusters"] == sorted([uids["north"], *(f"prod ({uids[name][:8]})" for name in ("east", "west"))])

    keys = [site.new_key(f"reporter-{number}", "operator") for number in range(2)]
    until(lambda: all(site.knows(replica, key) for replica in REPLICAS for key in keys))
    reporters = [Reporter(site, f"r{number}", key) for number, key in enumerate(keys)]
    pipelines = [Pipeline(site, name) for name in CLUSTERS]
    clients: list[Client] = [*reporters, *pipelines]
    license = site.mount("east") / "SIGNED_LICENSE_PAYLOAD"
    with App(license, site.trust_key) as app:
        assert app.look()["seats"]["limit"] == SEATS
        for client in clients:
            client.start()
        try:
            go_on(clients)
            certificates_change(site, clients)
            a_license_with_more_seats(site, clients, app)
            servers_are_replaced(site, clients)
            a_replica_is_killed(site, clients)
            an_operator_is_killed(site, clients)
            the_database_restarts(site, clients)
        finally:
            stop(clients)
    assert start(site, "west", "eve").json()["seat"]["used"] == 5
    holders = {"ada", "bob", "cy", "dee", "eve"}
    for cluster in CLUSTERS:
        until(lambda cluster=cluster: site.status(cluster)["spool"]["events"] == 0)  # type: ignore[misc]  # defaults bind now
        assert site.status(cluster)["spool"]["set_aside"] == 0
    agree(site, holders, MORE_SEATS)
    nothing_is_lost(site, reporters, pipelines, holders)
    running = [served(pod) for pod in (*site.operators.values(), *site.servers.values())]
    for service in running:
        service.signal()
    assert [service.ended() for service in running] == [0] * len(running)


def license_is_everywhere(site: Site, serial: int) -> None:
    """Each server serves it, each operator has it, each Secret holds it."""
    for replica in REPLICAS:
        until(lambda replica=replica: site.metric(replica, "shipper_license_serial") == serial)  # type: ignore[misc]  # defaults bind now
    for cluster in CLUSTERS:
        until(lambda cluster=cluster: (site.status(cluster)["license"] or {}).get("serial") == serial)  # type: ignore[misc]  # defaults bind now
        until(lambda cluster=cluster: synced(site, cluster) == serial)  # type: ignore[misc]  # defaults bind now


def synced(site: Site, cluster: str) -> int:
    """The serial of the license in the Secret for apps, 0 for none."""
    file = site.mount(cluster) / "license.pem"
    return (
        verify(file.read_bytes(), [VENDOR.public], product="acme", file="license.pem").license.serial
        if file.exists()
        else 0
    )


def certificates_change(site: Site, clients: list[Client]) -> None:
    """Those of the servers and that of nginx: no call fails."""
    before = {name: calls_that_failed(site, name) for name in CLUSTERS}
    wanted = ssl.PEM_cert_to_DER_cert(site.rotate())
    for pod in site.servers.values():
        until(lambda pod=pod: shown(served(pod).url, site) == wanted)  # type: ignore[misc]  # defaults bind now
    go_on(clients)
    site.nginx.reload()
    go_on(clients)
    assert failures(clients) == []
    assert {name: calls_that_failed(site, name) for name in CLUSTERS} == before


def shown(url: str, site: Site) -> bytes:
    """The certificate that a new connection is shown."""
    with connect(url, tls=ssl.create_default_context(cafile=str(site.ca_file))) as made:
        assert isinstance(made, ssl.SSLSocket)
        return made.getpeercert(binary_form=True) or b""


def calls_that_failed(site: Site, cluster: str) -> float:
    """Requests of an operator to the license server that came to nothing."""
    text = requests.get(f"{served(site.operators[cluster]).url}/metrics", timeout=SECONDS).text
    name = "shipper_operator_server_request_failures_total"
    return sum(float(line.split(" ")[1]) for line in text.splitlines() if line.startswith(f"{name}{{"))


def a_license_with_more_seats(site: Site, clients: list[Client], app: App) -> None:
    """All see it, apps among them, and nothing is restarted."""
    running = {pod.service.pid for pod in (*site.servers.values(), *site.operators.values()) if pod.service}
    site.renew(MORE_SEATS)
    license_is_everywhere(site, 2)
    assert app.look()["seats"]["limit"] == MORE_SEATS
    go_on(clients)
    assert failures(clients) == []
    assert running == {pod.service.pid for pod in (*site.servers.values(), *site.operators.values()) if pod.service}


def a_replica_is_killed(site: Site, clients: list[Client]) -> None:
    """The other one goes on; apps notice nothing."""
    served(site.servers["b"]).signal(signal.SIGKILL)
    served(site.servers["b"]).ended()
    go_on(clients, 10)
    site.start_server("b")
    until(lambda: site.servers["b"].probe("readinessProbe") == 200)
    go_on(clients)
    pipelines = [client for client in clients if isinstance(client, Pipeline)]
    assert failures(pipelines) == []
    assert all(" 502 " in each or " 503 " in each for each in failures(clients))


def servers_are_replaced(site: Site, clients: list[Client]) -> None:
    """One after the other, as in an update of the Deployment: no call fails."""
    for replica in REPLICAS:
        assert served(site.servers[replica]).stop() == 0
        site.start_server(replica)
        go_on(clients)
    assert failures(clients) == []


def an_operator_is_killed(site: Site, clients: list[Client]) -> None:
    """Its next pod goes on with the sessions there were; the other clusters notice nothing."""
    known = sessions(site, "north")
    served(site.operators["north"]).signal(signal.SIGKILL)
    served(site.operators["north"]).ended()
    site.start_operator("north")
    served(site.operators["north"])
    go_on(clients)
    assert known <= sessions(site, "north")
    assert all(" 0 " in each for each in failures(clients))


def sessions(site: Site, cluster: str) -> set[str]:
    """People's sessions that are open there, by how they are shown."""
    return {one["session"] for one in site.status(cluster)["sessions"] if not one["ci"]}


def the_database_restarts(site: Site, clients: list[Client]) -> None:
    """Operators decide by what they know meanwhile; apps notice nothing."""
    site.postgres.stop()
    pipelines = [client for client in clients if isinstance(client, Pipeline)]
    go_on(pipelines, 2)
    site.postgres.start()
    go_on(clients)
    until(lambda: all(site.servers[replica].probe("readinessProbe") == 200 for replica in REPLICAS))
    assert failures(pipelines) == []


def nothing_is_lost(site: Site, reporters: list[Reporter], pipelines: list[Pipeline], holders: set[str]) -> None:
    """What was acknowledged is stored, once, and what is kept of it is what all of it adds up to."""
    acknowledged = [name for reporter in reporters for name in reporter.acknowledged]
    granted = {name: by for pipeline in pipelines for name, by in pipeline.granted.items()}
    ended = {name for pipeline in pipelines for name in pipeline.ended}
    assert set(granted.values()) == {"server", "operator"}
    database = open_database(site.postgres.url())
    try:
        stored = [str(name) for (name,) in database.read(lambda tx: tx.execute("SELECT id FROM events")).result()]
        assert len(stored) == len(set(stored))
        assert set(acknowledged) <= set(stored)
        assert {started_id(name) for name in granted} <= set(stored)
        rows = database.read(lambda tx: tx.execute("SELECT id FROM sessions WHERE ended IS NOT NULL")).result()
        assert ended <= {str(name) for (name,) in rows}
        now = wall()
        license: License = verify(
            license_text(
                serial=2, seats={"limit": MORE_SEATS, "unit": "user", "window": "concurrent", "overage": "deny"}
            ).encode(),
            [VENDOR.public],
            product="acme",
            file="license.pem",
        ).license
        assert_fold_is_replay(database, [license], [now])
        table = database.read(lambda tx: ledger.seat_table(tx, license, now)).result()
        assert {seat.identity for seat in table.seats} == holders
    finally:
        database.close()
