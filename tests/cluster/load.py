"""Clients that go on and on while something happens to the services: what they were told, and what failed."""

from __future__ import annotations

import http.client
import itertools
import json
import ssl
import threading
import time
from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.cluster.site import served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.cluster.site import Site

PAUSE = 0.05
SECONDS = 30


class Client(threading.Thread):
    """Asks one service at `url`, each time on a connection of its own. `done` counts what went well."""

    def __init__(self, url: str, headers: Mapping[str, str], ca_file: str | None = None) -> None:
        super().__init__(daemon=True)
        parts = urlsplit(url)
        self._host, self._port, self._prefix = str(parts.hostname), parts.port, parts.path
        self._tls = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self._headers = {"content-type": "application/json", **headers}
        self.over = threading.Event()
        self.done = 0
        self.failed: list[str] = []
        self.wrong: list[BaseException] = []

    @abstractmethod
    def step(self, number: int) -> None:
        """Ask once, and count it."""

    def run(self) -> None:
        try:
            for number in itertools.count():
                self.step(number)
                if self.over.wait(PAUSE):
                    return
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.wrong.append(error)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """The status and body of an answer, status 0 for none."""
        connection: http.client.HTTPConnection
        if self._tls:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._tls)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=SECONDS)
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, f"{self._prefix}{path}", data, self._headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error).encode()
        finally:
            connection.close()

    def insist(self, wanted: set[int], method: str, path: str, body: object = None) -> bytes:
        """The body of an answer with one of these statuses: asked for again and again, until the end."""
        while True:
            status, answer = self.ask(method, path, body)
            if status in wanted:
                return answer
            self.failed.append(f"{method} {path}: {status} {answer[:200].decode(errors='replace')}")
            if self.over.wait(PAUSE):
                raise RuntimeError(self.failed[-1])


class Reporter(Client):
    """Sends events to the license server through nginx. `acknowledged` are their ids."""

    def __init__(self, site: Site, name: str, key: str) -> None:
        super().__init__(site.url, {"x-license-key": key}, str(site.ca_file))
        self._name = name
        self.acknowledged: list[str] = []

    def step(self, number: int) -> None:
        names = [f"{self._name}-{number}-{each}" for each in range(3)]
        now = datetime.now(UTC).isoformat()
        about = {"kind": "operator_alive", "operator": self._name, "cluster": self._name, "time": now}
        taken = self.insist({200}, "POST", "/api/v1/events", {"events": [{"id": name, **about} for name in names]})
        assert sorted(json.loads(taken)["acknowledged"]) == names
        self.acknowledged += names
        self.done += 1


class Pipeline(Client):
    """Sessions of CI in a cluster, begun, kept up and ended through its operator.

    `granted` says by whom each was decided, `ended` which were ended.
    """

    def __init__(self, site: Site, cluster: str) -> None:
        super().__init__(served(site.operators[cluster]).url, site.headers(cluster))
        self.granted: dict[str, str] = {}
        self.ended: list[str] = []

    def step(self, number: int) -> None:
        body = {"user": {"username": f"ci-{number}"}, "ci": True, "heartbeat_seconds": 3600}
        grant = json.loads(self.insist({201}, "POST", "/api/v1/sessions", body))
        self.granted[grant["id"]] = grant["decided_by"]
        self.insist({200}, "PUT", f"/api/v1/sessions/{grant['id']}")
        self.insist({204}, "DELETE", f"/api/v1/sessions/{grant['id']}")
        self.ended.append(grant["id"])
        self.done += 1


def go_on(clients: Sequence[Client], steps: int = 5) -> None:
    """Wait until each of them has done so much more."""
    before = [client.done for client in clients]
    end = time.monotonic() + 2 * SECONDS
    for client, count in zip(clients, before, strict=True):
        while client.done < count + steps:
            assert not client.wrong, client.wrong
            assert time.monotonic() < end, client.failed[-3:]
            client.join(0.01)


def failures(clients: Sequence[Client]) -> list[str]:
    """What failed of what they asked, which is forgotten then."""
    found = list(itertools.chain.from_iterable(client.failed for client in clients))
    for client in clients:
        client.failed = []
    return found


def stop(clients: Sequence[Client]) -> None:
    """Let each finish what it has begun."""
    for client in clients:
        client.over.set()
    for client in clients:
        client.join(SECONDS)
        assert not client.wrong, client.wrong
