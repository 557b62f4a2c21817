"""The head of an answer and the first part of its body in one write: uvicorn makes two, each a packet of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_CONTINUE = b"HTTP/1.1 100 "


class HeldHead:
    """The transport that the answer to one request is written to. The head is held until something follows it."""

    __slots__ = ("_head", "_transport", "_written")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._written = False

    def write(self, data: bytes) -> None:
        """Write `data`, but the head of the answer only with what comes next."""
        if self._written:
            self._transport.write(data)
        elif self._head:
            self._written = True
            self._transport.write(self._head + data)
        elif data.startswith(_CONTINUE):
            self._transport.write(data)
        else:
            self._head = data

    def close(self) -> None:
        """Write what is held, and close the connection."""
        if self._head and not self._written:
            self.write(b"")
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._transport.is_closing()
