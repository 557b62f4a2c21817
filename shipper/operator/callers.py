"""Who calls: on loopback everybody on this machine, in a pod the service account whose token a caller shows.

What the API server said of a token is remembered for a short while, by the token's SHA-256. Where it can't be asked
nobody is let in.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shipper.errors import UsageError, shown
from shipper.operator.caps import RateLimit
from shipper.operator.tokenreview import ReviewError
from shipper.serving.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shipper.operator.tokenreview import Reviewed

GOOD_SECONDS = 60.0
"""How long a token that was good counts as good."""
BAD_SECONDS = 10.0
ANSWER_SECONDS = 3.0
"""A caller waits no longer for a TokenReview."""
_REMEMBERED = 4096
_AT_ONCE = 8
_WAITING = 64
_FAILURES = 60
_MAX_TOKEN = 16 * 1024
_BEARER = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+) *")
_ACCOUNT = re.compile(r"system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)")
_ALLOWED = re.compile(r"([a-z0-9-]+)(?:[:/]([a-z0-9.-]+))?")

log = logging.getLogger("shipper.operator")


class Reviewer(Protocol):
    """What tells whose token it is; it may block. Raises ReviewError."""

    def review(self, token: str) -> Reviewed: ...


class Identify(Protocol):
    """The name of who sends a request with these headers from the address `source`. Raises ProblemError."""

    async def __call__(self, headers: Sequence[tuple[bytes, bytes]], source: str) -> str: ...


LOCAL = "local"
"""The one caller where no token is asked for."""


async def anybody(headers: Sequence[tuple[bytes, bytes]], source: str) -> str:
    """All callers are one."""
    del headers, source
    return LOCAL


class _Verdict(NamedTuple):
    until: float
    user: str


class ServiceAccounts:
    """Callers by their ServiceAccount token. Used from one event loop; `close` ends its threads."""

    def __init__(
        self,
        reviewer: Reviewer,
        allowed: Iterable[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`allowed` are namespaces, or accounts as NAMESPACE/NAME; none is all. Raises UsageError."""
        self._reviewer = reviewer
        self._allowed = frozenset(map(_allowed, allowed))
        self._clock = clock
        # Apart, so that made-up tokens drive no good one out
        self._good: OrderedDict[bytes, _Verdict] = OrderedDict()
        self._bad: OrderedDict[bytes, _Verdict] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[str]] = {}
        self._failures = RateLimit(_FAILURES, clock=clock)
        self._threads = ThreadPoolExecutor(_AT_ONCE, "token-review")

    def close(self) -> None:
        """Ask no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, headers: Sequence[tuple[bytes, bytes]], source: str) -> str:
        """The account, as `system:serviceaccount:NAMESPACE:NAME`. Raises ProblemError 401, 403, 429 or 503."""
        token = _token(headers)
        digest = sha256(token).digest()
        user = self._remembered(digest)
        if user is None:
            self._failures.require(source)
            user = await self._ask(digest, token.decode("ascii"))
        if not user:
            self._failures.count(source)
            raise _unauthorized("the token is not good here: it is unknown, expired, or for another audience")
        return self._permitted(user)

    def _permitted(self, user: str) -> str:
        account = _ACCOUNT.fullmatch(user)
        if account is None:
            raise ProblemError(403, "CALLER_NOT_ALLOWED", "the token is not one of a service account")
        if self._allowed and not self._allowed & {(account[1], ""), (account[1], account[2])}:
            raise ProblemError(
                403,
                "CALLER_NOT_ALLOWED",
                f"the service account {shown(f'{account[1]}/{account[2]}')} is none of those that "
                "OPERATOR_ALLOWED_CALLERS names",
            )
        return user

    def _remembered(self, digest: bytes) -> str | None:
        for verdicts in (self._good, self._bad):
            verdict = verdicts.get(digest)
            if verdict is not None:
                if self._clock() < verdict.until:
                    verdicts.move_to_end(digest)
                    return verdict.user
                del verdicts[digest]
        return None

    def _remember(self, digest: bytes, user: str) -> None:
        verdicts, seconds = (self._good, GOOD_SECONDS) if user else (self._bad, BAD_SECONDS)
        verdicts[digest] = _Verdict(self._clock() + seconds, user)
        if len(verdicts) > _REMEMBERED:
            verdicts.popitem(last=False)

    async def _ask(self, digest: bytes, token: str) -> str:
        """Ask once, however many callers show the same token meanwhile. Raises ProblemError 503."""
        task = self._asking.get(digest)
        if task is None:
            if len(self._asking) >= _WAITING:
                raise _unavailable()
            task = asyncio.get_running_loop().create_task(self._review(digest, token))
            self._asking[digest] = task
            task.add_done_callback(lambda _: self._asking.pop(digest, None))
        # Shielded: a caller that goes away takes the answer from nobody else
        return await asyncio.shield(task)

    async def _review(self, digest: bytes, token: str) -> str:
        loop = asyncio.get_running_loop()
        try:
            asked = loop.run_in_executor(self._threads, self._reviewer.review, token)
            user = (await asyncio.wait_for(asked, ANSWER_SECONDS)).user
        except ReviewError as error:
            log.warning("a caller could not be checked: %s", error)
            raise _unavailable() from None
        except TimeoutError:
            log.warning("a caller could not be checked: the API server doesn't answer in time")
            raise _unavailable() from None
        self._remember(digest, user)
        return user


def _token(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The one token that is shown. Raises ProblemError 401."""
    shown_ones = [value for name, value in headers if name == b"authorization"]
    if not shown_ones:
        raise _unauthorized("show the token of a service account: Authorization: Bearer TOKEN")
    found = _BEARER.fullmatch(shown_ones[0]) if len(shown_ones) == 1 and len(shown_ones[0]) <= _MAX_TOKEN else None
    if found is None:
        raise _unauthorized("the Authorization header holds no token of a service account")
    return found[1]


def _allowed(text: str) -> tuple[str, str]:
    found = _ALLOWED.fullmatch(text)
    if found is None:
        raise UsageError(f"OPERATOR_ALLOWED_CALLERS: {shown(text)} is neither a namespace nor NAMESPACE/SERVICEACCOUNT")
    return found[1], found[2] or ""


def _unauthorized(detail: str) -> ProblemError:
    return ProblemError(401, "UNAUTHORIZED", detail, headers={"WWW-Authenticate": 'Bearer realm="shipper"'})


def _unavailable() -> ProblemError:
    return ProblemError(
        503,
        "TOKEN_REVIEW_UNAVAILABLE",
        "the Kubernetes API server doesn't say whose token this is, so nobody is let in for now",
        headers={"Retry-After": "5"},
    )
