"""Clients that draw everything out: honest ones must not notice, and the process must still end in time."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.services import Service
from tests.serving.certificates import Authority
from tests.wire import Client, percentile

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from tests.faults.conftest import Sizes

# 1,200 in all
KINDS = {
    False: {"headers": 600, "body": 200, "reader": 100, "silent": 300},
    True: {"headers in TLS": 200, "handshake": 400, "hello": 200, "silent": 400},
}
MORE_MEMORY = 50_000_000


@dataclass
class Honest:
    """Clients that ask and listen: what their requests took, in seconds."""

    url: str
    tls: ssl.SSLContext | None
    seconds: list[float] = field(default_factory=list)

    async def keep_asking(self, over: asyncio.Event, *, anew: bool) -> None:
        """Over one connection, or `anew` over one for each request. Any failure is an error of the test."""
        async with Client(self.url, tls=self.tls) as client:
            while not over.is_set():
                began = time.perf_counter()
                reply = await client.get("/")
                self.seconds.append(time.perf_counter() - began)
                assert reply.status == 200
                if anew:
                    await client.close()
                await asyncio.sleep(0.02)


class Attack:
    """A process of slow clients."""

    def __init__(self, url: str, kinds: dict[str, int]) -> None:
        command = [sys.executable, "-m", "tests.faults.slowclients", url, json.dumps(kinds)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self) -> dict[str, list[float]]:
        """How long the connections lived that the server closed, in seconds, by kind."""
        out, _ = self._process.communicate(timeout=60)
        lived: dict[str, list[float]] = json.loads(out)
        return lived


async def _ask_meanwhile(honest: Honest, seconds: float) -> None:
    """Two clients keep their connection, two open one for each request."""
    over = asyncio.Event()
    asking = [asyncio.ensure_future(honest.keep_asking(over, anew=anew)) for anew in (False, False, True, True)]
    await asyncio.wait(asking, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    over.set()
    await asyncio.gather(*asking)


def _memory(pid: int, what: str) -> int:
    """`VmRSS` or `VmHWM` (the highest so far) in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as stream:
        return next(int(line.split()[1]) * 1024 for line in stream if line.startswith(f"{what}:"))


@pytest.mark.parametrize("encrypted", [False, True], ids=["http", "https"])
def test_slow_clients(sizes: Sizes, tmp_path: Path, encrypted: bool) -> None:
    env, tls = {}, None
    if encrypted:
        authority = Authority()
        cert, key = authority.write(tmp_path)
        env, tls = {"TINY_CERT": str(cert), "TINY_KEY": str(key)}, authority.trusted()
    quick = {"header_seconds": 1, "body_seconds": 2, "write_seconds": 2, "handshake_seconds": 1, "stop_seconds": 6}
    env["TINY_LIMITS"] = json.dumps(sizes(quick, full={}))
    kinds = KINDS[encrypted] if sizes.full else {kind: count // 6 for kind, count in KINDS[encrypted].items()}
    with Service(module="tests.serving.tinyapp", env=env) as service:
        quiet, honest = Honest(service.url, tls), Honest(service.url, tls)
        asyncio.run(_ask_meanwhile(quiet, 2.0))
        before = _memory(service.pid, "VmRSS")
        attack = Attack(service.url, kinds)
        asyncio.run(_ask_meanwhile(honest, sizes(6.0, full=60.0)))
        grown = _memory(service.pid, "VmHWM") - before
        # With all of them open
        began = time.monotonic()
        service.signal()
        assert service.ended() == 0
        took = time.monotonic() - began
        lived = attack.end()
        (stopping,) = service.logged("stopping")
    p99, before_p99 = percentile(honest.seconds, 0.99), percentile(quiet.seconds, 0.99)
    print(
        f"{sum(kinds.values())} slow connections: p99 of {len(honest.seconds)} honest requests {p99 * 1000:.1f} ms "
        f"(without {before_p99 * 1000:.1f} ms), memory +{grown / 1e6:.1f} MB, end after {took:.1f} s, slow ones lived "
        + ", ".join(f"{kind} {max(times):.1f} s" for kind, times in sorted(lived.items()))
    )
    assert stopping["open"] > sum(kinds.values()) / sizes(4, full=2)
    assert took < 10
    assert grown < MORE_MEMORY
    assert set(lived) == set(kinds)
    limits = {"body": 35, "reader": 35, "headers in TLS": 25} if sizes.full else {}
    for kind, times in lived.items():
        assert max(times) < limits.get(kind, 15), kind
    assert len(honest.seconds) > 50
    # A new connection in TLS is some work on its own, for both sides
    assert p99 < sizes(5.0, full=0.25 if encrypted else 0.1)
