"""The key that a request shows, and the answers to one that is missing, wrong, or for something else.

A key is compared by its SHA-256 and never kept. All that is wrong with a key gets the same answer.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, NamedTuple

from shipper.serving.problems import ProblemError
from shipper.serving.routes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_KEY = 4096
HEADER = b"x-license-key"
NEEDED = "a valid key is needed, in the header x-license-key or as Authorization: Bearer"
_BEARER = b"bearer "


class Principal(NamedTuple):
    """Who a key belongs to."""

    name: str
    scopes: frozenset[Scope]


def digest(key: bytes) -> bytes:
    """What is kept of a key, and compared."""
    return sha256(key).digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, found out in a time that says nothing of how alike they are."""
    return compare_digest(one, other)


def shown_key(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """The key in `x-license-key`, or after `Bearer` in `Authorization`; None for none.

    Raises ProblemError 401 for two that differ.
    """
    keys = []
    for name, value in headers:
        if name == HEADER:
            keys.append(value.strip())
        # Another scheme may be meant for a proxy on the way, which hands it on
        elif name == b"authorization" and value[: len(_BEARER)].lower() == _BEARER:
            keys.append(value[len(_BEARER) :].strip())
    if not keys:
        return None
    if len(keys) > 1 and len({digest(key) for key in keys}) > 1:
        raise unauthorized("the request shows two keys, and they are different")
    return keys[0] if 0 < len(keys[0]) <= MAX_KEY else None


def unauthorized(detail: str = NEEDED) -> ProblemError:
    """The answer to a key that is missing or wrong: it doesn't say which."""
    return ProblemError(
        401,
        "UNAUTHORIZED",
        detail,
        headers={"www-authenticate": 'Bearer realm="shipper"'},
    )


def too_many_failures(seconds: int) -> ProblemError:
    """The answer while keys from a source are not looked at."""
    return ProblemError(
        429,
        "TOO_MANY_FAILURES",
        "too many requests with a wrong key came from this address",
        headers={"retry-after": str(seconds)},
    )


def require(scopes: Iterable[Scope], wanted: frozenset[Scope]) -> None:
    """Raise ProblemError 403 unless one of `scopes` is wanted; admin opens everything."""
    held = frozenset(scopes)
    if not held & wanted and Scope.admin not in held:
        raise ProblemError(403, "FORBIDDEN", f"the key is not for this, which needs {' or '.join(sorted(wanted))}")
