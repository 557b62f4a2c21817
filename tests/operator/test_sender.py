"""What the server has of the spool in the end: everything, once, in order, whatever went wrong on the way."""

from __future__ import annotations

import json
import random
from concurrent.futures import wait
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.operator import sender as sending
from shipper.operator.sender import Identity, Sender
from shipper.operator.serverclient import Away, KeyRefused, ServerClient
from shipper.operator.spool import Spool
from tests import faulty
from tests.operator.fakeserver import KEY, Answer, FakeServer, problem
from tests.operator.sample import Hands, event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.operator.fakeserver import Asked

ME = Identity("op-1", "prod")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake, faulty.ends_within(60):
        yield fake


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool.open(str(tmp_path / "spool.db")) as found:
        yield found


@pytest.fixture
def sender(server: FakeServer, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    monkeypatch.setattr(sending, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(sending, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(sending, "LINGER", 0.0)
    client = ServerClient(server.place, KEY)
    yield Sender(spool, client, ME, Hands())
    client.close()


def fill(spool: Spool, count: int, first: int = 0, message: str = "") -> list[str]:
    wait([spool.put(event(number, message=message)) for number in range(first, first + count)])
    return [f"e{number}" for number in range(first, first + count)]


def drain(sender: Sender) -> None:
    while sender.send_batch():
        pass


class TestBatches:
    def test_all_of_it_in_order(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        sent = fill(spool, 500)
        drain(sender)
        assert server.order == sent
        assert server.batches == [500]
        assert spool.depth().events == 0
        assert sender.status().sent == 500

    def test_a_thousand_at_a_time(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 600)
        sent = fill(spool, 600, 600)
        drain(sender)
        assert server.batches == [1000, 200]
        assert server.order[600:] == sent

    def test_within_what_the_server_takes(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 700, message="é" * 2000)
        drain(sender)
        assert len(server.events) == 700
        assert len(server.batches) > 2
        assert max(len(asked.body) for asked in server.asked) <= 1024 * 1024

    def test_nothing_to_send(self, sender: Sender, server: FakeServer) -> None:
        assert not sender.send_batch()
        assert server.asked == []


class TestTrouble:
    def test_a_lost_answer(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        sent = fill(spool, 10)
        server.lose = lambda _: True
        with pytest.raises(Away, match="broke off"):
            sender.send_batch()
        assert spool.depth().events == 10
        server.lose = lambda _: False
        drain(sender)
        assert server.order == sent
        assert spool.depth().events == 0

    def test_one_malformed_event_stops_no_other(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        sent = fill(spool, 10)
        server.malformed = lambda event: "too odd" if event["id"] in {"e3", "e7"} else ""
        drain(sender)
        assert [each for each in server.order if each.startswith("e")] == [
            each for each in sent if each not in {"e3", "e7"}
        ]
        assert spool.depth().set_aside == sender.status().set_aside == 2
        (report,) = (each for each in server.events.values() if each["kind"] == "error")
        assert "2 events were set aside, the first is e3: MALFORMED_EVENTS: too odd" in report["message"]

    @pytest.mark.parametrize("status", [413, 422])
    def test_one_that_the_server_does_not_name(
        self, status: int, sender: Sender, server: FakeServer, spool: Spool
    ) -> None:
        fill(spool, 20)
        server.fault = lambda asked: problem(status, "INVALID_BODY", "odd") if b'"e13"' in asked.body else None
        drain(sender)
        assert [each for each in server.order if each.startswith("e")] == [f"e{n}" for n in range(20) if n != 13]
        assert spool.depth().set_aside == 1

    def test_a_proxy_with_a_limit_of_its_own_gets_smaller_batches(
        self, sender: Sender, server: FakeServer, spool: Spool
    ) -> None:
        sent = fill(spool, 20)
        refusal = Answer(413, b"<html>413 Request Entity Too Large</html>", {"Content-Type": "text/html"})
        server.fault = lambda asked: refusal if len(asked.body) > 1000 else None
        drain(sender)
        assert [each for each in server.order if each.startswith("e")] == sent
        assert spool.depth().set_aside == 0

    def test_an_event_that_no_proxy_takes_waits(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 2)
        server.fault = lambda _: Answer(
            413, b"<html>413 Request Entity Too Large</html>", {"Content-Type": "text/html"}
        )
        with pytest.raises(Away, match="413"):
            drain(sender)
        assert spool.depth().events >= 2
        assert spool.depth().set_aside == 0

    def test_one_that_was_damaged_on_disk(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 20)
        damage = "UPDATE spool SET body = '{\"id' WHERE id = 'e13'"
        spool.database.write(lambda tx: tx.execute(damage)).result()

        def fault(asked: Asked) -> Answer | None:
            try:
                json.loads(asked.body)
            except ValueError:
                return problem(400, "MALFORMED_JSON", "odd")
            return None

        server.fault = fault
        drain(sender)
        assert [each for each in server.order if each.startswith("e")] == [f"e{n}" for n in range(20) if n != 13]
        assert spool.depth().set_aside == 1

    def test_an_index_that_is_none(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 2)
        refusals = iter([problem(422, "X", errors=[{"index": 99, "detail": ""}, {"index": -1, "detail": ""}])])
        server.fault = lambda _: next(refusals, None)
        drain(sender)
        assert server.order == ["e0", "e1"]

    def test_a_server_that_acknowledges_a_part(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 3)
        parts = iter([Answer(200, {"acknowledged": ["e1", "unknown"]})])
        server.fault = lambda _: next(parts, None)
        drain(sender)
        assert server.order == ["e0", "e2"]

    def test_one_that_acknowledges_nothing(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 3)
        server.fault = lambda _: Answer(200, {"acknowledged": []})
        with pytest.raises(Away, match="acknowledges nothing"):
            sender.send_batch()
        assert spool.depth().events == 3

    def test_a_refused_key(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        fill(spool, 3)
        server.fault = lambda _: problem(401, "UNAUTHORIZED")
        with pytest.raises(KeyRefused):
            sender.send_batch()
        assert spool.depth().events == 3


class TestThread:
    def test_it_says_that_it_started(self, sender: Sender, server: FakeServer) -> None:
        sender.start()
        server.wait_for(lambda: bool(server.events))
        assert sender.stop()
        (started,) = server.events.values()
        assert (started["kind"], started["operator"], started["cluster"]) == ("operator_started", "op-1", "prod")

    def test_and_again_after_a_restart(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        sender.start()
        assert sender.stop()
        client = ServerClient(server.place, KEY)
        again = Sender(spool, client, ME, Hands())
        again.start()
        assert again.stop()
        client.close()
        assert len(server.events) == 2

    def test_what_comes_later_is_sent_too(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        sender.start()
        for number in range(5):
            spool.add(event(number))
            server.wait_for(lambda number=number: f"e{number}" in server.events)  # type: ignore[misc]  # binds now
        assert sender.stop()

    def test_an_outage_and_its_end(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        server.fault = lambda _: Answer(503)
        sender.start()
        sent = fill(spool, 50)
        server.wait_for(lambda: len(server.asked) >= 5)
        assert "503" in sender.status().problem
        assert spool.depth().events == 51
        server.fault = lambda _: None
        server.wait_for(lambda: len(server.events) == 51)
        assert sender.stop()
        assert server.order[1:] == sent
        assert sender.status().problem == ""

    def test_a_refused_key_can_be_seen(self, sender: Sender, server: FakeServer) -> None:
        server.fault = lambda _: problem(401, "UNAUTHORIZED")
        sender.start()
        server.wait_for(lambda: len(server.asked) >= 3)
        assert sender.status().key_refused
        server.fault = lambda _: None
        server.wait_for(lambda: bool(server.events))
        assert sender.stop()
        assert not sender.status().key_refused

    def test_stopping_sends_what_is_left(self, sender: Sender, server: FakeServer, spool: Spool) -> None:
        sender.start()
        server.wait_for(lambda: bool(server.events))
        fill(spool, 30)
        assert sender.stop()
        assert len(server.events) == 31

    def test_stopping_does_not_wait_for_a_server_that_is_away(
        self, sender: Sender, server: FakeServer, spool: Spool
    ) -> None:
        server.fault = lambda _: Answer(503)
        sender.start()
        fill(spool, 3)
        assert not sender.stop(1)
        assert spool.depth().events == 4

    def test_signs_of_life(self, server: FakeServer, spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sending, "LINGER", 0.0)
        client = ServerClient(server.place, KEY)
        sender = Sender(spool, client, ME, Hands(), alive_seconds=0.01)
        sender.start()
        server.wait_for(lambda: [each["kind"] for each in server.events.values()].count("operator_alive") >= 3)
        sender.stop()
        client.close()

    def test_errors_are_not_reported_without_end(self, sender: Sender, spool: Spool) -> None:
        for number in range(50):
            sender.tell("error", f"number {number}")
        spool.add(event(1))
        assert 10 <= spool.depth().events - 1 <= 20


class TestPace:
    def test_pauses_grow_up_to_a_minute(self, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sending, "FIRST_PAUSE", 1.0)
        monkeypatch.setattr(sending, "LONGEST_PAUSE", 60.0)
        pauses = [sender._failed(Away("away")) for _ in range(100)]
        for pause, most in zip(pauses, [1, 2, 4, 8, 16, 32, *[60] * 94], strict=True):
            assert most / 2 <= pause <= most
        assert len(set(pauses)) > 90

    def test_the_server_may_ask_for_more(self, sender: Sender) -> None:
        assert sender._failed(Away("away", retry_after=900)) == 900


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 60))
def test_a_bad_network_loses_and_doubles_nothing(seed: int, count: int) -> None:
    """Requests that don't arrive, answers that don't come back, failures and poison, in any mix."""
    import tempfile

    chance = random.Random(seed)
    poison = {f"e{number}" for number in range(count) if chance.random() < 0.05}
    with tempfile.TemporaryDirectory() as folder, FakeServer() as server, Spool.open(f"{folder}/spool.db") as spool:

        def fault(_: Asked) -> Answer | None:
            roll = chance.random()
            return Answer(500, lost=True) if roll < 0.1 else Answer(503) if roll < 0.3 else None

        server.fault = fault
        server.lose = lambda _: chance.random() < 0.3
        server.malformed = lambda each: "poison" if each["id"] in poison else ""
        client = ServerClient(server.place, KEY)
        sender = Sender(spool, client, ME, Hands())
        sent = fill(spool, count)
        while spool.depth().events:
            sender._batch = chance.randint(1, 20)
            try:
                sender.send_batch()
            except Away:
                continue
        client.close()
        assert [each for each in server.order if each.startswith("e")] == [each for each in sent if each not in poison]
        assert spool.depth().set_aside == len(poison)
