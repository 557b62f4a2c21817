"""Head and body of an answer leave together."""

from __future__ import annotations

import asyncio

import pytest

from shipper.serving.heads import HeldHead


class Wire(asyncio.Transport):
    """Notes what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


@pytest.mark.parametrize(
    ("parts", "writes"),
    [
        ([b"head", b"body"], [b"headbody"]),
        ([b"head", b""], [b"head"]),
        ([b"head", b"one", b"two"], [b"headone", b"two"]),
        ([b"head", b"", b"two"], [b"head", b"two"]),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"head", b"body"], [b"HTTP/1.1 100 Continue\r\n\r\n", b"headbody"]),
        ([b"head"], []),
    ],
)
def test_the_head_waits_for_what_follows_it(parts: list[bytes], writes: list[bytes]) -> None:
    wire = Wire()
    held = HeldHead(wire)
    for part in parts:
        held.write(part)
    assert wire.writes == writes


def test_a_head_that_nothing_follows_is_written_before_the_end() -> None:
    wire = Wire()
    held = HeldHead(wire)
    held.write(b"head")
    held.close()
    assert wire.writes == [b"head"]
    assert wire.closed
    assert held.is_closing()


def test_an_end_after_an_answer_writes_nothing_twice() -> None:
    wire = Wire()
    held = HeldHead(wire)
    held.write(b"head")
    held.write(b"body")
    held.close()
    assert wire.writes == [b"headbody"]
