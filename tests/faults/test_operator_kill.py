"""SIGKILL and loss of power of an operator that spools and sends: what it said is kept reaches the server, once and in order."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

import apsw
import pytest

from shipper.operator.sender import Identity, Sender
from shipper.operator.serverclient import Away, ServerClient
from shipper.operator.spool import Spool
from shipper.usage.clock import wall
from tests.faults.killing import run_and_kill
from tests.faults.powerloss import cut
from tests.operator.fakeserver import KEY, Answer, FakeServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes
    from tests.operator.fakeserver import Asked

pytestmark = pytest.mark.slow


def test_nothing_that_was_kept_is_lost_by_a_kill(tmp_path: Path, sizes: Sizes) -> None:
    _kill_again_and_again(tmp_path / "spool.db", sizes(100, full=1000))


def test_nor_with_the_power(tmp_path: Path, sizes: Sizes) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "synced").mkdir()
    _kill_again_and_again(tmp_path / "data" / "spool.db", sizes(8, full=300), tmp_path / "synced")


def _kill_again_and_again(path: Path, cycles: int, synced: Path | None = None) -> None:
    """Run an operator, and kill it, `cycles` times; with `synced` only what was synced survives each time."""
    chance = random.Random(11)
    acknowledged: list[str] = []

    def fault(_: Asked) -> Answer | None:
        return Answer(503) if chance.random() < 0.1 else None

    with FakeServer() as server:
        server.fault = fault
        server.lose = lambda _: chance.random() < 0.1
        for cycle in range(cycles):
            arguments = [path, server.url, cycle * 1_000_000, *([synced, 2] if synced else [])]
            acknowledged += run_and_kill("tests.faults.spoolwriter", *arguments, after=chance.uniform(0, 0.2))
            if synced:
                cut(path, synced)
        server.fault, server.lose = (lambda _: None), (lambda _: False)
        _send_the_rest(str(path), server)
        assert len(set(acknowledged)) == len(acknowledged) > 100
        assert set(acknowledged) <= set(server.order)
        assert len(set(server.order)) == len(server.order)
        _require_order(server.order)
    connection = apsw.Connection(str(path))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def _send_the_rest(path: str, server: FakeServer) -> None:
    with Spool.open(path) as spool:
        assert not spool.damaged
        client = ServerClient(server.place, KEY)
        sender = Sender(spool, client, Identity("op-1", "prod"), wall)
        while spool.depth().events:
            try:
                sender.send_batch()
            except Away as error:  # pragma: no cover - nothing fails any more
                pytest.fail(error.reason)
        client.close()


def _require_order(ids: list[str]) -> None:
    """Each thread added its events one after the other, and so they must have come."""
    by_thread: dict[str, list[int]] = defaultdict(list)
    for each in ids:
        if each.startswith("e"):
            name, number = each[1:].split("-")
            by_thread[name].append(int(number))
    assert by_thread
    for numbers in by_thread.values():
        assert numbers == sorted(numbers)
