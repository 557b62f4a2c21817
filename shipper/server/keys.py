"""Named keys: how they are made, and the table that keeps their hashes (docs/keys.md).

A key is a prefix that says what it opens, 160 random bits, and a checksum by which a scanner for secrets knows it. What
is random enough needs no slow hash: its SHA-256 is kept.
"""

from __future__ import annotations

import secrets
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import msgspec

from shipper.errors import ShipperError, shown
from shipper.serving.routes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.storage.database import Transaction

RANDOM_BITS = 160
MAX_KEYS = 1000
"""Keys that are not revoked; each server looks through them in memory."""
PREFIXES = {Scope.admin: "shpa_", Scope.operator: "shpo_", Scope.report: "shpr_"}
"""By the first of a key's scopes in this order: what it can do at worst."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_DIGITS = 27  # 62 ** 27 > 2 ** 160
_CHECK_DIGITS = 6

KeyName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$(?!\n)",
        description="Letters, digits and `._-`.",
        examples=["cluster-eu-2027"],
    ),
]
KeyScope = Literal["operator", "report", "admin"]


class KeyInfo(NamedTuple):
    """A named key, without itself. Times in microseconds; `revoked` is when it was, None for one that works."""

    name: str
    scopes: tuple[Scope, ...]
    created: int
    last_used: int | None
    revoked: int | None


class KeyExistsError(ShipperError):
    """A key of this name works already."""

    exit_code = 2


class TooManyKeysError(ShipperError):
    """There are MAX_KEYS of them."""

    exit_code = 2


def generate(scopes: Iterable[Scope]) -> str:
    """A new key."""
    held = set(scopes)
    prefix = next(text for scope, text in PREFIXES.items() if scope in held)
    body = prefix + _digits(secrets.randbits(RANDOM_BITS), _RANDOM_DIGITS)
    return body + checksum(body)


def checksum(body: str) -> str:
    """The end of a key that begins with `body`: its CRC-32 in base 62."""
    return _digits(zlib.crc32(body.encode("ascii")), _CHECK_DIGITS)


def add(tx: Transaction, name: str, scopes: Iterable[Scope], now: int) -> str:
    """Make a key of this name and keep its hash; the key itself is nowhere but in what is returned.

    The name of a revoked key may be taken again. Raises KeyExistsError, TooManyKeysError.
    """
    found = tx.execute("SELECT name FROM keys WHERE name = ? AND revoked IS NULL", [name])
    if found:
        raise KeyExistsError(
            f"a key is called {shown(name)} already", hint="revoke it, or choose another name: both work side by side"
        )
    count = tx.execute("SELECT count(*) FROM keys WHERE revoked IS NULL")
    if int(count[0][0]) >= MAX_KEYS:
        raise TooManyKeysError(f"there are {MAX_KEYS} keys already", hint="revoke those that are not used any more")
    held = [scope for scope in Scope if scope in set(scopes)]
    key = generate(held)
    tx.execute("DELETE FROM keys WHERE name = ?", [name])
    tx.execute(
        "INSERT INTO keys (name, scopes, hash, created) VALUES (?, ?, ?, ?)",
        [name, " ".join(held), sha256(key.encode("ascii")).hexdigest(), now],
    )
    return key


def list_keys(tx: Transaction) -> list[KeyInfo]:
    """All named keys by name, also those that were revoked."""
    rows = tx.execute("SELECT name, scopes, created, last_used, revoked FROM keys ORDER BY name")
    return [KeyInfo(row[0], tuple(map(Scope, row[1].split())), *row[2:]) for row in rows]


def revoke(tx: Transaction, name: str, now: int) -> bool:
    """Make a key useless from now on; False if none of this name works."""
    return bool(
        tx.execute("UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL RETURNING name", [now, name])
    )


def hashes(tx: Transaction) -> list[tuple[bytes, str, frozenset[Scope]]]:
    """Digest, name and scopes of each key that works."""
    rows = tx.execute("SELECT hash, name, scopes FROM keys WHERE revoked IS NULL")
    return [(bytes.fromhex(row[0]), row[1], frozenset(map(Scope, row[2].split()))) for row in rows]


def note_use(tx: Transaction, digest: bytes, now: int) -> None:
    """A key was used at `now`."""
    tx.execute("UPDATE keys SET last_used = ? WHERE hash = ? AND coalesce(last_used, 0) < ?", [now, digest.hex(), now])


def _digits(number: int, count: int) -> str:
    digits = []
    for _ in range(count):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
