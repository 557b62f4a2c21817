"""The end under load: whoever was let in is answered, and it takes no longer than promised."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.services import Service
from tests.serving.certificates import Authority
from tests.wire import Client

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from tests.faults.conftest import Sizes

KEPT, FRESH = 4, 4


class Asking:
    """Clients that ask until nobody listens any more."""

    def __init__(self, url: str, tls: ssl.SSLContext | None) -> None:
        self.url = url
        self.tls = tls
        self.answered = 0
        self.cut: list[str] = []

    async def until_refused(self, *, keep: bool) -> None:
        async with Client(self.url, tls=self.tls) as client:
            while True:
                try:
                    await client.connect()
                except OSError:
                    return
                try:
                    reply = await client.get("/sleep/0.005")
                except (OSError, EOFError) as error:
                    self.cut.append(repr(error))
                    return
                assert reply.status == 200
                self.answered += 1
                if not keep:
                    await client.close()


async def _ended_under_load(service: Service, asking: Asking, after: float) -> None:
    clients = [asyncio.ensure_future(asking.until_refused(keep=number < KEPT)) for number in range(KEPT + FRESH)]
    await asyncio.sleep(after)
    service.signal()
    await asyncio.gather(*clients)


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_nobody_is_cut_off(sizes: Sizes, tmp_path: Path, encrypted: bool) -> None:
    env, tls = {}, None
    if encrypted:
        authority = Authority()
        cert, key = authority.write(tmp_path)
        env, tls = {"TINY_CERT": str(cert), "TINY_KEY": str(key)}, authority.trusted()
    rounds, chance = sizes(3, full=100), random.Random(1)
    answered = 0
    for _ in range(rounds):
        with Service(module="tests.serving.tinyapp", env=env) as service:
            asking = Asking(service.url, tls)
            asyncio.run(_ended_under_load(service, asking, chance.uniform(0.1, 0.4)))
            began = time.monotonic()
            assert service.ended() == 0
            assert time.monotonic() - began < 10
        assert asking.cut == []
        answered += asking.answered
    assert answered > rounds * (KEPT + FRESH)
    print(f"{rounds} ends, {answered} requests, 0 cut off")
