"""What the operator asks, where, and what it makes of the answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.license import urls
from shipper.operator.serverclient import Away, Defect, KeyRefused, Refused, ServerClient
from shipper.usage.events import User
from shipper.usage.grants import Claim
from tests import faulty
from tests.operator.fakeserver import KEY, Answer, FakeServer, grant, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SESSION = "s" * 32
CLAIM = Claim(id=SESSION, operator="op-1", cluster="prod", user=User(username="ada"))
EVENT = b'{"id":"e1"}'
DEEP = b'{"code":"SEAT_LIMIT_REACHED","x":' + b"[" * 100_000
CALLS: dict[str, Callable[[ServerClient], Any]] = {
    "license": lambda client: client.license(),
    "claim": lambda client: client.claim(CLAIM),
    "heartbeat": lambda client: client.heartbeat(SESSION),
    "end": lambda client: client.end(SESSION),
    "events": lambda client: client.send_events([EVENT]),
}
PATHS = {
    "license": ("GET", "/api/v1/license"),
    "claim": ("POST", "/api/v1/sessions"),
    "heartbeat": ("PUT", f"/api/v1/sessions/{SESSION}"),
    "end": ("DELETE", f"/api/v1/sessions/{SESSION}"),
    "events": ("POST", "/api/v1/events"),
}


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake, faulty.ends_within(30):
        yield fake


@pytest.fixture
def client(server: FakeServer) -> Iterator[ServerClient]:
    found = ServerClient(server.place, KEY)
    yield found
    found.close()


class TestCalls:
    @pytest.mark.parametrize("prefix", ["", "/prefix", "/a/b-c", "/a%20b"])
    @pytest.mark.parametrize("slash", ["", "/", "//"])
    @pytest.mark.parametrize("call", CALLS)
    def test_every_call_keeps_the_prefix(self, call: str, slash: str, prefix: str) -> None:
        with FakeServer(prefix) as server:
            client = ServerClient(urls.parse(server.url + slash), KEY)
            CALLS[call](client)
            client.close()
            method, path = PATHS[call]
            assert [(asked.method, asked.path) for asked in server.asked] == [(method, prefix + path)]
            assert server.asked[0].headers["x-license-key"] == KEY

    def test_all_of_them_over_one_connection(self, server: FakeServer, client: ServerClient) -> None:
        for call in (*CALLS.values(), *CALLS.values()):
            call(client)
        assert len(server.connections) == 1

    def test_the_license_and_its_etag(self, server: FakeServer, client: ServerClient) -> None:
        given = client.license()
        assert given is not None
        assert (given.body, given.etag) == (server.license, '"one"')
        assert client.license(given.etag) is None
        assert client.license('"other"') == given

    def test_an_etag_that_could_not_be_sent_back(self, server: FakeServer, client: ServerClient) -> None:
        server.etag = '"' + "x" * 300 + '"'
        given = client.license()
        assert given is not None
        assert given.etag == ""

    def test_not_modified_without_having_one(self, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: Answer(304)
        with pytest.raises(Away, match="no license server"):
            client.license()

    def test_a_claim(self, server: FakeServer, client: ServerClient) -> None:
        grant = client.claim(CLAIM)
        assert (grant.id, grant.heartbeat_seconds, grant.seat) == (SESSION, 60, None)
        assert json.loads(server.asked[0].body) == {
            "id": SESSION,
            "operator": "op-1",
            "cluster": "prod",
            "user": {"username": "ada"},
        }

    def test_events(self, server: FakeServer, client: ServerClient) -> None:
        answer = client.send_events([EVENT, b'{"id":"e2","message":"\xc3\xa9"}'])
        assert answer.acknowledged == ("e1", "e2")
        assert server.events["e2"]["message"] == "é"
        assert client.send_events([EVENT]).duplicate == ("e1",)

    def test_an_id_with_odd_letters_stays_one_part_of_the_path(self, server: FakeServer, client: ServerClient) -> None:
        client.end("../license?x#y" + "z" * 16)
        assert server.asked[0].path == f"/api/v1/sessions/..%2Flicense%3Fx%23y{'z' * 16}"

    def test_answers_that_are_lost_are_asked_for_again(self, server: FakeServer, client: ServerClient) -> None:
        lost = iter([True, False])
        server.lose = lambda _: next(lost, False)
        assert client.send_events([EVENT]).duplicate == ("e1",)


class TestRefusals:
    @pytest.mark.parametrize("call", CALLS)
    def test_the_key(self, call: str, server: FakeServer) -> None:
        client = ServerClient(server.place, "another-key")
        with pytest.raises(KeyRefused, match="refuses the license key"):
            CALLS[call](client)
        client.close()

    @pytest.mark.parametrize("call", CALLS)
    def test_the_key_is_for_something_else(self, call: str, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: problem(403, "FORBIDDEN", "the key is not for this")
        with pytest.raises(KeyRefused):
            CALLS[call](client)

    @pytest.mark.parametrize(
        ("call", "status", "code"),
        [
            ("claim", 403, "SEAT_LIMIT_REACHED"),
            ("claim", 403, "LICENSE_EXPIRED"),
            ("claim", 409, "SESSION_EXISTS"),
            ("heartbeat", 404, "SESSION_UNKNOWN"),
            ("heartbeat", 410, "SESSION_ENDED"),
            ("end", 404, "SESSION_UNKNOWN"),
        ],
    )
    def test_a_decision(self, call: str, status: int, code: str, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: problem(status, code, "10 of 10 are used", seat={"used": 10})
        with pytest.raises(Refused) as caught:
            CALLS[call](client)
        refused = caught.value
        assert (refused.status, refused.code, refused.detail) == (status, code, "10 of 10 are used")

    def test_what_else_a_decision_holds_is_not_looked_at(self, server: FakeServer, client: ServerClient) -> None:
        body = b'{"code": "SEAT_LIMIT_REACHED", "detail": "no", "errors": 7, "more": "\xff"}'
        server.fault = lambda _: Answer(403, body, {"Content-Type": "application/problem+json"})
        with pytest.raises(Refused) as caught:
            client.claim(CLAIM)
        assert (caught.value.code, caught.value.defects) == ("SEAT_LIMIT_REACHED", ())

    def test_a_warning_is_tame_as_well(self, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: Answer(200, {**grant(SESSION), "warning": "\x1b[31mred" + "x" * 1000})
        for grants in (client.claim(CLAIM), client.heartbeat(SESSION)):
            assert grants.warning.isprintable()
            assert len(grants.warning) <= 400

    def test_malformed_events(self, server: FakeServer, client: ServerClient) -> None:
        server.malformed = lambda event: "too odd" if event["id"] == "e1" else ""
        with pytest.raises(Refused) as caught:
            client.send_events([b'{"id":"e0"}', EVENT])
        assert caught.value.defects == (Defect(1, "too odd"),)

    @pytest.mark.parametrize("text", ["a\x1b[31mb\nc", "x" * 5000])
    def test_a_servers_words_are_tame(self, text: str, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: problem(403, "SEAT_LIMIT_REACHED", text)
        with pytest.raises(Refused) as caught:
            client.claim(CLAIM)
        assert caught.value.detail.isprintable()
        assert len(caught.value.detail) < 600


class TestAway:
    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507])
    @pytest.mark.parametrize("call", CALLS)
    def test_a_failing_server(self, call: str, status: int, server: FakeServer, client: ServerClient) -> None:
        answer = problem(status, "STORAGE_FULL")
        server.fault = lambda _: answer._replace(headers={**answer.headers, "Retry-After": "7"})
        with pytest.raises(Away) as caught:
            CALLS[call](client)
        assert (caught.value.retry_after, caught.value.status) == (7, status)
        assert not isinstance(caught.value, KeyRefused)

    def test_patience_has_an_end(self, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: Answer(503, None, {"Retry-After": "99999999"})
        with pytest.raises(Away) as caught:
            client.license()
        assert caught.value.retry_after == 3600

    @pytest.mark.parametrize("call", CALLS)
    def test_nobody_listens(self, call: str) -> None:
        client = ServerClient(urls.parse(f"http://127.0.0.1:{faulty.closed_port()}"), KEY)
        with pytest.raises(Away, match="can't be reached: connection refused"):
            CALLS[call](client)
        client.close()

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(404, "<html>", {"Content-Type": "text/html"}),
            problem(404, "NOT_FOUND"),
            Answer(200, "<html>", {"Content-Type": "text/html"}),
            Answer(200, []),
            Answer(200, b"\xff\xfe"),
            Answer(403, "no", {"Content-Type": "text/html"}),
            problem(403, "not a code"),
            Answer(403, b"{", {"Content-Type": "application/problem+json"}),
            Answer(405),
            Answer(302, None, {"Location": "http://127.0.0.2/"}),
            Answer(204),
            Answer(403, DEEP, {"Content-Type": "application/problem+json"}),
            Answer(404, DEEP, {"Content-Type": "application/problem+json"}),
            Answer(200, DEEP),
            Answer(200, grant("another-session-than-asked-for")),
        ],
        ids=range(15),
    )
    def test_something_else_answers(self, answer: Answer, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: answer
        for call in ("claim", "heartbeat", "events"):
            with pytest.raises(Away):
                CALLS[call](client)

    def test_what_is_sent_is_sent_to_nobody_else(self, client: ServerClient, server: FakeServer) -> None:
        with FakeServer() as other:
            server.fault = lambda _: Answer(307, None, {"Location": f"{other.url}/api/v1/events"})
            with pytest.raises(Away, match="not to itself"):
                client.send_events([EVENT])
            assert other.asked == []

    @pytest.mark.parametrize("status", [301, 302, 303])
    def test_nothing_is_lost_on_the_way(self, status: int, client: ServerClient, server: FakeServer) -> None:
        server.fault = lambda _: Answer(status, None, {"Location": f"{server.url}/api/v1/events"})
        with pytest.raises(Away, match="without what was sent"):
            client.send_events([EVENT])

    def test_the_key_is_in_no_text(self, server: FakeServer, client: ServerClient) -> None:
        server.fault = lambda _: Answer(500, KEY)
        with pytest.raises(Away) as caught:
            client.license()
        assert KEY not in f"{caught.value!r} {caught.value} {client!r}"


@settings(max_examples=60)
@given(status=st.sampled_from([200, 201, 304, 400, 403, 404, 409, 410, 413, 422, 500]), body=st.binary(max_size=60))
def test_any_answer_is_one_of_the_documented_ones(status: int, body: bytes) -> None:
    with FakeServer() as server:
        server.fault = lambda _: Answer(status, body, {"Content-Type": "application/problem+json"})
        client = ServerClient(server.place, KEY)
        for name, call in CALLS.items():
            try:
                result = call(client)
            except (Away, Refused):
                continue
            assert (name, status) in {("license", 200), ("end", 200)}
            assert result is None or result.body == body
        client.close()
