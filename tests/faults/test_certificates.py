"""Certificates are rotated, well and badly, while clients connect: none of them notices."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING

from tests.services import Service
from tests.serving.certificates import Authority, SecretVolume
from tests.wire import Client, connect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import Sizes

EFFECT_SECONDS = 15.0
CLIENTS = 4


class Load:
    """Clients that connect for every request, and some that keep their connection."""

    def __init__(self, url: str, trusted: ssl.SSLContext) -> None:
        self.url = url
        self.trusted = trusted
        self.over = asyncio.Event()
        self.answered = 0
        self.failed: list[str] = []

    async def run(self) -> None:
        await asyncio.gather(*(self._ask(keep=number == 0) for number in range(CLIENTS)))

    async def _ask(self, *, keep: bool) -> None:
        async with Client(self.url, tls=self.trusted) as client:
            while not self.over.is_set():
                try:
                    reply = await client.get("/")
                except (OSError, EOFError, TimeoutError) as error:
                    self.failed.append(repr(error))
                else:
                    assert reply.status == 200
                    self.answered += 1
                if not keep:
                    await client.close()
                await asyncio.sleep(0.01)


def _served(url: str, trusted: ssl.SSLContext) -> bytes:
    with connect(url, tls=trusted) as made:
        assert isinstance(made, ssl.SSLSocket)
        return made.getpeercert(binary_form=True) or b""


async def _until_served(url: str, trusted: ssl.SSLContext, cert: bytes) -> float:
    """How long it takes until new connections get `cert`, in seconds."""
    wanted = ssl.PEM_cert_to_DER_cert(cert.decode())
    began = time.monotonic()
    while await asyncio.to_thread(_served, url, trusted) != wanted:
        assert time.monotonic() - began < EFFECT_SECONDS
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def _until_refused(service: Service, count: int) -> None:
    began = time.monotonic()
    while len(service.logged("certificate not loaded, the last good one stays")) < count:
        assert time.monotonic() - began < EFFECT_SECONDS
        await asyncio.sleep(0.02)


async def _rotate(service: Service, volume: SecretVolume, authority: Authority, good: int, bad: int) -> Load:
    trusted = authority.trusted()
    load = Load(service.url, trusted)
    running = asyncio.ensure_future(load.run())
    every = good // bad
    refused = 0
    try:
        for number in range(good):
            pair = authority.pair()
            volume.put(*pair)
            await _until_served(service.url, trusted, pair[0])
            if number % every:
                continue
            volume.put(*_spoilt(refused, authority))
            refused += 1
            await _until_refused(service, refused)
            assert await _until_served(service.url, trusted, pair[0]) < EFFECT_SECONDS
    finally:
        load.over.set()
        await running
    assert refused == bad
    return load


def _spoilt(number: int, authority: Authority) -> tuple[bytes, bytes]:
    """A pair that can't be used, of a kind that goes with `number`."""
    cert, key = authority.pair()
    kinds = [
        (cert, authority.pair()[1]),
        (cert[: len(cert) // 2], key),
        (cert, key[: len(key) // 2]),
        (b"", key),
        (key, cert),
    ]
    return kinds[number % len(kinds)]


def test_rotation(sizes: Sizes, tmp_path: Path) -> None:
    good, bad = sizes((20, 5), full=(100, 20))
    authority, volume = Authority(), SecretVolume(tmp_path)
    volume.put(*authority.pair())
    env = {"TINY_CERT": str(volume.cert), "TINY_KEY": str(volume.key), "TINY_CHECK": "0.05"}
    with Service(module="tests.serving.tinyapp", env=env) as service:
        load = asyncio.run(_rotate(service, volume, authority, good, bad))
        assert service.stop() == 0
    assert not load.failed
    assert load.answered > good
    assert len(service.logged("certificate loaded")) >= good
    print(f"{good} rotations, {bad} bad pairs, {load.answered} requests, 0 failed")
