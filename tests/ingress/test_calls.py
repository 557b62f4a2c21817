"""Every route, every call of the operator and every command that asks a server, in every form of an ingress."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
import requests

from shipper.license import urls
from shipper.operator.serverclient import Away, Refused, ServerClient
from shipper.usage.events import User
from shipper.usage.grants import Claim
from tests.commands import all_commands, long_flag
from tests.ingress.calls import CALLS, SECONDS, Api, event, new_id
from tests.ingress.site import KEY
from tests.program import run
from tests.services import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.ingress.site import Site

SPEC = """\
assets.v1:
  - inline:
      dest: a.yaml
      contents: |
        {apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ EntitlementValue("tier") }}"}}
"""


@pytest.fixture(scope="module")
def api(site: Site) -> Api:
    """The site's API, with an admin's key."""
    with pytest.MonkeyPatch.context() as patch:
        environment = site.pod.environment()
        made = run(patch, "license-server", "key", "add", "admin", "--scope", "admin", "--scope", "operator", "--scope",
                   "report", "--database-url", environment["DATABASE_URL"])  # fmt: skip
    assert made.code == 0, made.err
    return Api(site.url, made.out.strip(), site.ca_file)


@pytest.fixture
def client(site: Site) -> Iterator[ServerClient]:
    """What the operator asks with."""
    found = _client(site, site.url)
    yield found
    found.close()


def _client(site: Site, url: str) -> ServerClient:
    return ServerClient(urls.parse(url), KEY, ca_file=str(site.ca_file))


@pytest.mark.parametrize("route", CALLS)
def test_every_route(route: str, api: Api) -> None:
    CALLS[route](api)


def test_no_route_is_missing_from_the_table(api: Api) -> None:
    paths = api.good("GET", "/api/v1/openapi.json").json()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == set(CALLS)


def test_nothing_is_served_beside_the_prefix(site: Site, api: Api) -> None:
    if not site.form.prefix:
        pytest.skip("there is none")
    outside = api._replace(url=api.url.removesuffix(site.form.prefix))
    for route in CALLS:
        method, path = route.split(" ")
        assert outside.ask(method, path).status_code == 404
        assert outside.ask(method, f"{site.form.prefix}x{path}").status_code == 404


# --- the operator's own client


def claim(number: int = 0) -> Claim:
    return Claim(id=new_id(), operator="op", cluster="c", user=User(username=f"user{number}"))


def _ask_license(client: ServerClient) -> None:
    given = client.license()
    assert given is not None
    assert client.license(given.etag) is None


def _ask_claim(client: ServerClient) -> None:
    grant = client.claim(claim())
    client.end(grant.id)
    with pytest.raises(Refused, match="SESSION_ENDED"):
        client.heartbeat(grant.id)


def _ask_heartbeat(client: ServerClient) -> None:
    grant = client.claim(claim())
    assert client.heartbeat(grant.id).expires_at >= grant.expires_at
    client.end(grant.id)
    with pytest.raises(Refused, match="SESSION_UNKNOWN"):
        client.heartbeat("x" * 20)


def _ask_end(client: ServerClient) -> None:
    grants = [client.claim(claim(number)) for number in range(3)]
    with pytest.raises(Refused, match="SEAT_LIMIT_REACHED"):
        client.claim(claim(4))
    for grant in grants:
        client.end(grant.id)
        client.end(grant.id)


def _ask_events(client: ServerClient) -> None:
    names = [new_id() for _ in range(5)]
    taken = client.send_events([msgspec.json.encode(event(name)) for name in names])
    assert sorted(taken.acknowledged) == sorted(names)
    with pytest.raises(Refused) as refused:
        client.send_events([b"{}"])
    assert refused.value.defects[0].at == 0


OPERATOR: dict[str, Callable[[ServerClient], None]] = {
    "license": _ask_license,
    "claim": _ask_claim,
    "heartbeat": _ask_heartbeat,
    "end": _ask_end,
    "send_events": _ask_events,
}


@pytest.mark.parametrize("call", OPERATOR)
def test_every_call_of_the_operator(call: str, client: ServerClient) -> None:
    OPERATOR[call](client)


def test_no_call_of_the_operator_is_missing() -> None:
    public = {name for name, _ in inspect.getmembers(ServerClient, inspect.isfunction) if not name.startswith("_")}
    assert public - {"close"} == set(OPERATOR)


def test_a_call_that_forgets_the_prefix_fails(site: Site) -> None:
    """What this table is for: such a call finds no server, and says so."""
    if not site.form.prefix:
        pytest.skip("there is none")
    forgetful = _client(site, site.url.removesuffix(site.form.prefix))
    asked: list[Callable[[], object]] = [
        forgetful.license, lambda: forgetful.claim(claim()), lambda: forgetful.heartbeat("x" * 20),
        lambda: forgetful.end("x" * 20), lambda: forgetful.send_events([b"{}"]),
    ]  # fmt: skip
    assert len(asked) == len(OPERATOR)
    for ask in asked:
        with pytest.raises(Away, match="is its URL right, with the prefix"):
            ask()
    forgetful.close()


# --- the operator as a process, with what admins see of it


@pytest.mark.slow
def test_an_operator_and_its_app(site: Site, api: Api, tmp_path: Path) -> None:
    before = len(site.nginx.asked())
    env = {
        "OPERATOR_LICENSE_KEY": KEY,
        "OPERATOR_LICENSE_SERVER": f"{site.url}/",
        "OPERATOR_CLUSTER_NAME": "east",
        "OPERATOR_STATE_DIR": str(tmp_path),
        "OPERATOR_TRUST_KEY": str(site.trust_key),
        "OPERATOR_LISTEN": "127.0.0.1:0",
        "OPERATOR_CA_FILE": str(site.ca_file),
    }
    with Service("operator", "run", env=env) as operator:
        body = {"user": {"username": "ada"}, "heartbeat_seconds": 1}
        grant = requests.post(f"{operator.url}/api/v1/sessions", json=body, timeout=SECONDS)
        assert (grant.status_code, grant.json()["decided_by"]) == (201, "server"), grant.text
        session = f"{operator.url}/api/v1/sessions/{grant.json()['id']}"
        # One heartbeat in each interval is passed on, the claim being the first
        while not any(one["method"] == "PUT" for one in site.nginx.asked()[before:]):
            assert requests.put(session, timeout=SECONDS).json()["decided_by"] == "server"
            time.sleep(0.05)
        assert [seat["clusters"] for seat in api.good("GET", "/api/v1/seats").json()["seats"]] == [["east"]]
        shown = _status(operator)
        assert "answers, reached" in shown
        assert site.url in shown
        assert requests.delete(session, timeout=SECONDS).status_code == 204
        assert operator.stop() == 0, operator.text
    assert api.good("GET", "/api/v1/seats").json()["seats"] == []
    events = f"{site.form.prefix}/api/v1/events"
    site.nginx.until_asked(lambda one: one["target"] == events and one["key"] == KEY, after=before)
    asked = [one for one in site.nginx.asked()[before:] if one["key"] == KEY]
    assert {(one["method"], one["target"].removeprefix(site.form.prefix).rpartition("/")[0]) for one in asked} >= {
        ("GET", "/api/v1"), ("POST", "/api/v1"), ("PUT", "/api/v1/sessions"), ("DELETE", "/api/v1/sessions"),
    }  # fmt: skip
    assert {one["target"][: len(site.form.prefix) + 8] for one in asked} == {f"{site.form.prefix}/api/v1/"}
    assert [one for one in asked if one["status"] >= 400] == []


# --- commands

COMMANDS: dict[str, tuple[tuple[str, ...], str]] = {
    "render": (("render", "spec.yaml"), 'name: "enterprise"'),
    "lint": (("lint", "spec.yaml"), "0 errors"),
    "explain": (("explain", "spec.yaml"), "rendered  a.yaml"),
    "diff": (("diff", "spec.yaml", "--at", "2026-02-01"), "no differences"),
    "eval": (("eval", '{{ EntitlementValue("tier") }}'), "enterprise"),
    "license fetch": (("license", "fetch"), "BEGIN SHIPPER LICENSE"),
    "usage report": (("usage", "report"), "Seats"),
    "usage seats": (("usage", "seats"), "Seats"),
}
ELSEWHERE = {"operator run": "test_an_operator_and_its_app"}
"""Commands whose test is another."""


@pytest.fixture
def surroundings(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a spec, and variables that name the server."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHIPPER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SHIPPER_LICENSE_SERVER", site.url)
    monkeypatch.setenv("SHIPPER_LICENSE_KEY", KEY)
    monkeypatch.setenv("SHIPPER_TRUST_KEY", str(site.trust_key))
    monkeypatch.setenv("SHIPPER_CA_FILE", str(site.ca_file))


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_asks_a_server(command: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, said = COMMANDS[command]
    before = len(site.nginx.asked())
    done = run(monkeypatch, *arguments)
    assert done.code == 0, done.err
    assert said in done.out + done.err
    assert ("in the clear" in done.err) != site.form.https
    site.nginx.until_asked(lambda one: one["target"].startswith(f"{site.form.prefix}/api/v1/"), after=before)


def test_no_command_that_asks_a_server_is_missing() -> None:
    asking = {
        name
        for name, command in all_commands().items()
        if any(long_flag(option) == "--license-server" for option in command.params)
    }
    # Setup writes the server's URL down, and asks nobody
    assert {name for name in asking if not name.endswith(" setup")} == {*COMMANDS, *ELSEWHERE}


def _status(operator: Service) -> str:
    command = [sys.executable, "-m", "shipper", "operator", "status", "--listen", operator.url.removeprefix("http://")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
