"""How much of a service one client can take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Times are in seconds, sizes in bytes; `connections` is lowered to what the process may open."""

    handshake_seconds: float = 10
    header_seconds: float = 10
    """From the start of a connection, or the first byte of a further request, to the end of its headers."""
    body_seconds: float = 30
    """From the same start to the end of the body."""
    write_seconds: float = 30
    """How long a client may take nothing, or less than 48 KiB, of a response that waits for it."""
    idle_seconds: float = 75
    """How long a connection is kept between two requests."""
    header_bytes: int = 16 * 1024
    headers: int = 100
    body_bytes: int = 2 * 1024 * 1024
    connections: int = 4096
    connections_per_source: int = 2048
    handshakes: int = 256
    """TLS handshakes at the same time, each of which takes some 100 KiB: the oldest goes for a new one."""
    stop_seconds: float = 10
    """From the signal to the end of the process, but for what comes next."""
    drain_seconds: float = 0
    """How long after the signal connections are still accepted: until nobody is sent here any more."""
