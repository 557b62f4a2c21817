"""A server that is restarted behind nginx, connections that are kept, ids of requests, and where wrong keys come from."""

from __future__ import annotations

import http.client
import json
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from shipper.serving.failures import FAILURES
from tests.ingress.calls import SECONDS, Api, event, new_id
from tests.ingress.site import FORMS, JSON_LOG, KEY, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

SOMEBODY, SOMEBODY_ELSE = "127.0.0.2", "127.0.0.3"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One form, whose server believes nginx."""
    believed = {"server": {**JSON_LOG, "trustedProxies": ["127.0.0.1/32"]}}
    with Site(FORMS["kept"], tmp_path_factory.mktemp("restarts"), believed) as found:
        yield found


@pytest.fixture(scope="module")
def api(site: Site) -> Api:
    return Api(site.url, KEY, site.ca_file)


class Connection:
    """One kept connection to nginx, from an address of loopback."""

    def __init__(self, site: Site, source: str = "127.0.0.1") -> None:
        parts = urlsplit(site.url)
        self.prefix = parts.path
        self.http = http.client.HTTPConnection(
            str(parts.hostname), parts.port, timeout=SECONDS, source_address=(source, 0)
        )

    def ask(self, method: str, path: str, key: str = KEY, body: object = None, **headers: str) -> tuple[int, bytes]:
        """The status and body of an answer."""
        data = None if body is None else json.dumps(body).encode()
        given = {"x-license-key": key, **({"content-type": "application/json"} if data else {}), **headers}
        self.http.request(method, f"{self.prefix}{path}", data, given)
        with self.http.getresponse() as answer:
            self.request_id = answer.headers.get("x-request-id", "")
            return answer.status, answer.read()


class Client(threading.Thread):
    """Sends one event after the other until it is told to stop."""

    def __init__(self, site: Site, stop: threading.Event) -> None:
        super().__init__()
        self._site = site
        self._stop_asked = stop
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()
        self.wrong: list[BaseException] = []

    def run(self) -> None:
        try:
            connection = Connection(self._site)
            while not self._stop_asked.is_set():
                name = new_id()
                status, _ = connection.ask("POST", "/api/v1/events", body={"events": [event(name)]})
                self.statuses.add(status)
                if status == 200:
                    self.acknowledged.append(name)
            connection.http.close()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.wrong.append(error)


def test_a_restart_under_load_loses_nothing_that_was_acknowledged(site: Site, api: Api) -> None:
    stop = threading.Event()
    clients = [Client(site, stop) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for _ in range(2):
            _until_sent(clients)
            assert site.server.stop() == 0
            site.start_server()
        _until_sent(clients)
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert [client.wrong for client in clients] == [[]] * len(clients)
    assert set().union(*(client.statuses for client in clients)) <= {200, 502, 503}
    names = [name for client in clients for name in client.acknowledged]
    for at in range(0, len(names), 1000):
        some = names[at : at + 1000]
        again = api.good("POST", "/api/v1/events", json={"events": [event(name) for name in some]}).json()
        assert sorted(again["duplicate"]) == sorted(some)


def _until_sent(clients: list[Client]) -> None:
    before = [len(client.acknowledged) for client in clients]
    for client, count in zip(clients, before, strict=True):
        while len(client.acknowledged) < count + 10 and not client.wrong:
            client.join(0.01)


def test_connections_are_kept_on_both_sides(site: Site, api: Api) -> None:
    before = _accepted(api)
    connection = Connection(site)
    for _ in range(20):
        assert connection.ask("GET", "/api/v1/license")[0] == 200
    connection.http.close()
    site.nginx.until_asked(lambda one: one["method"] == "GET" and one["requests"] == 20)
    assert _accepted(api) - before <= 2


def _accepted(api: Api) -> float:
    """How many connections the server has let in."""
    text = api.good("GET", "/metrics").text
    return float(
        next(line for line in text.splitlines() if line.startswith("shipper_connections_accepted_total ")).split(" ")[1]
    )


def test_ids_of_requests_go_through(site: Site) -> None:
    connection = Connection(site)
    assert connection.ask("GET", "/api/v1/license", **{"x-request-id": "from-the.client_1"})[0] == 200
    assert connection.request_id == "from-the.client_1"
    assert connection.ask("GET", "/api/v1/license")[0] == 200
    assert len(connection.request_id) == 32, "nginx' own"
    connection.http.close()


def test_who_guesses_keys_is_held_off_and_nobody_else(site: Site) -> None:
    guesser, other = Connection(site, SOMEBODY), Connection(site, SOMEBODY_ELSE)
    for number in range(FAILURES):
        # What a client writes there itself counts for nothing
        assert (
            guesser.ask("GET", "/api/v1/license", f"guess-{number}", **{"X-Forwarded-For": f"10.0.0.{number}"})[0]
            == 401
        )
    status, body = guesser.ask("GET", "/api/v1/license", "another-guess")
    assert (status, json.loads(body)["code"]) == (429, "TOO_MANY_FAILURES")
    assert guesser.ask("GET", "/api/v1/license")[0] == 429, (
        "not even with the right key, which was never seen from there"
    )
    assert other.ask("GET", "/api/v1/license")[0] == 200
    assert other.ask("GET", "/api/v1/license", "a-first-guess")[0] == 401
    assert [
        record["source"] for record in site.server.logged("too many wrong keys from one source: it has to wait")
    ] == [SOMEBODY]
    guesser.http.close()
    other.http.close()


def test_probes_of_the_manifest(site: Site) -> None:
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert site.pod.probe(probe) == 200
