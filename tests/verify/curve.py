"""Edwards25519 by hand (RFC 8032 §5.1), to make signatures that no library makes. Slow, and for tests only."""

from __future__ import annotations

import hashlib
from functools import cache

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, P - 2, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, P - 2, P) % P
    return x, y


def times(scalar: int, point: Point) -> Point:
    found = IDENTITY
    while scalar:
        if scalar & 1:
            found = add(found, point)
        point = add(point, point)
        scalar >>= 1
    return found


def point_of(y: int, sign: int) -> Point | None:
    """The point with this y, if there is one."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x * x % P != square:
        return None
    return (P - x if x % 2 != sign and x else x), y


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


BASE = point_of(4 * pow(5, P - 2, P) % P, 0) or IDENTITY


@cache
def small_order() -> list[Point]:
    """The eight points whose multiples are eight at most."""
    for y in range(2, 100):
        point = point_of(y, 0)
        torsion = times(L, point) if point else IDENTITY
        if times(4, torsion) != IDENTITY:
            return [times(number, torsion) for number in range(8)]
    raise AssertionError


@cache
def small_encodings() -> list[bytes]:
    """Their encodings, with those that no encoder writes: y beyond P, and x = 0 with a sign."""
    points = small_order()
    found = [encode(point) for point in points]
    found += [
        (point[1] + P | (point[0] & 1) << 255).to_bytes(32, "little") for point in points if point[1] + P < 2**255
    ]
    found += [bytes([*encode(point)[:31], encode(point)[31] | 0x80]) for point in points if point[0] == 0]
    return found


def secret(seed: bytes) -> tuple[int, bytes]:
    """The scalar of a private key, and the second half of its hash."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (2**254 - 8) | 2**254, digest[32:]


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def sign_with(seed: bytes, message: bytes, torsion: Point) -> bytes:
    """A signature whose R has a part of small order: it holds only for verifiers that multiply by eight."""
    scalar, prefix = secret(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r = encode(add(times(nonce, BASE), torsion))
    s = (nonce + challenge(r, encode(times(scalar, BASE)), message) * scalar) % L
    return r + s.to_bytes(32, "little")
