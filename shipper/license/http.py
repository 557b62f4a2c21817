"""Requests, done so that they end in time, take little, and tell nobody else what they ask with.

A server is a stranger: its answer has a limit, is never unpacked, and may send on only to its own origin (scheme,
host and port). All time limits are one deadline, also for the slow resolution of a name and for headers that
trickle. `requests` is imported only here, and only for a request.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from shipper import __version__
from shipper.license import urls
from shipper.license.faults import RequestError, fault, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    import requests

    from shipper.license.urls import Place

T = TypeVar("T")

MAX_REDIRECTS = 5
ATTEMPT_SECONDS = 10.0
"""What one attempt may take, or a third of the whole time where that is more."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_AGAIN = frozenset({307, 308})
"""Redirects that keep method and body (RFC 9110, 15.4)."""
_AGAIN = frozenset({429, 500, 502, 503, 504})
_EMPTY = frozenset({204, 304})
"""Answers without a body; 304 may announce the length that another answer would have (RFC 9110, 8.6)."""
_CHUNK = 16 * 1024
_CONNECTIONS = 64
"""To one server at once, those among them that nobody waits for any more: a server may send headers without end."""


@dataclass(frozen=True)
class Request:
    """What is asked for: `headers` and `body` may hold secrets. `timeout` is for all attempts together, in seconds."""

    place: Place
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 30.0
    ca_file: str | None = None
    method: str = "GET"
    body: bytes | None = field(default=None, repr=False)


class Reply(NamedTuple):
    """A whole answer; names of `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Pace(NamedTuple):
    """How often and when to try again: a random part of `first`, twice that, and so on, at most `longest` seconds.

    "Full jitter" of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """

    attempts: int = 4
    first: float = 0.5
    longest: float = 8.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def pause(self, attempt: int, retry_after: float) -> float:
        """The seconds between the attempt `attempt` (the first is 1) and the next."""
        return max(retry_after, self.jitter() * min(self.longest, self.first * 2.0 ** (attempt - 1)))


PACE = Pace()
_TWICE = Pace(attempts=2, first=0.05)


def get(request: Request, *, max_bytes: int, pace: Pace | None = None) -> bytes:
    """The body of the answer 200, of at most `max_bytes`.

    Tries again, within `request.timeout`, where the server can't be reached, breaks off, or answers 429, 500, 502,
    503 or 504. Raises RequestError.
    """

    def attempt(seconds: float) -> bytes:
        with _session() as session:
            reply = _attempt(session, request, seconds, max_bytes, (200,))
        return reply.body

    return _in_time(request, pace or PACE, attempt)


class Line:
    """Keeps connections open for further requests. Threads may share it.

    An idle connection may have been closed by the server when the next request is sent: what is asked must bear
    being sent twice.
    """

    def __init__(self) -> None:
        self._session: requests.Session | None = None
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(_CONNECTIONS)

    def ask(self, request: Request, *, max_bytes: int) -> Reply:
        """The answer, whatever its status, of at most `max_bytes`. What can't be reached is tried twice.

        Raises RequestError where there is none.
        """
        with self._lock:
            self._session = session = self._session or _kept_session()

        def attempt(seconds: float) -> Reply:
            if not self._room.acquire(blocking=False):
                raise unreachable("too many requests wait for it")
            try:
                return _attempt(session, request, seconds, max_bytes, None)
            finally:
                self._room.release()

        return _in_time(request, _TWICE, attempt)

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            self._session = None


def _in_time(request: Request, pace: Pace, attempt_for: Callable[[float], T]) -> T:
    """What one of the attempts gives, each with its number of seconds. Raises RequestError."""
    end = pace.clock() + request.timeout
    longest = max(ATTEMPT_SECONDS, request.timeout / 3)
    attempt = 0
    while True:
        attempt += 1
        seconds = min(longest, max(end - pace.clock(), 0.001))
        try:
            return within(seconds, partial(attempt_for, seconds))
        except RequestError as error:
            wait = pace.pause(attempt, error.retry_after)
            if error.again and attempt < pace.attempts and pace.clock() + wait < end:
                pace.sleep(wait)
                continue
            if attempt > 1:
                error.hint = "; ".join(part for part in (error.hint, f"tried {attempt} times") if part)
            raise


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; RequestError if that takes longer than `seconds`.

    Neither resolving a name nor reading headers has a time limit of its own, so the work has a thread that can be
    left behind. It doesn't keep the program from ending.
    """
    from concurrent.futures import Future, wait

    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="shipper-request").start()
    wait([future], timeout=seconds)
    if not future.done():
        raise unreachable("it doesn't answer in time")
    return future.result()


def _attempt(
    session: requests.Session, request: Request, seconds: float, max_bytes: int, wanted: Container[int] | None
) -> Reply:
    """One request, and those to which the server's own origin sends on; of another status than `wanted` it is an error.

    Raises RequestError.
    """
    import http.client

    import requests
    import urllib3

    place, end = request.place, time.monotonic() + seconds
    # An exception on the way may carry the request with its headers: none leaves as a cause. Some proxies and answers
    # make requests and http.client raise ValueError and TypeError
    refused = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            with session.request(
                request.method,
                place.url,
                headers={**session.headers, **request.headers},
                data=request.body,
                timeout=seconds,
                verify=request.ca_file or True,
                stream=True,
                allow_redirects=False,
            ) as response:
                status = response.status_code
                if status not in _REDIRECTS:
                    if wanted is not None and status not in wanted:
                        raise _unwanted(response)
                    return Reply(status, response.headers, _body(response, max_bytes, end))
                if request.body is not None and status not in _SAME_AGAIN:
                    raise RequestError(f"the server sends on without what was sent to it ({status})")
                place = _next(place, response.headers.get("Location"))
    except (*refused, ValueError, TypeError) as error:
        raise fault(error) from None
    raise RequestError(f"the server sends on more than {MAX_REDIRECTS} times")


def _session() -> requests.Session:
    """A session with our headers that neither follows redirects nor looks into .netrc."""
    import requests

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> None:
            """Nowhere: even without following, `requests` would read the whole body of a redirect."""
            del resp

    session = Session()
    session.auth = _as_it_is  # with an auth of our own, `requests` doesn't look for one in .netrc
    session.headers.clear()
    # What is packed could unpack to anything
    session.headers.update({"User-Agent": f"shipper/{__version__}", "Accept-Encoding": "identity"})
    return session


def _kept_session() -> requests.Session:
    """The same for many requests: it keeps connections, and no cookies."""
    from http.cookiejar import DefaultCookiePolicy

    from requests.adapters import HTTPAdapter

    session = _session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _next(place: Place, location: str | None) -> Place:
    """Where the server sends on to, if that is its own origin. Raises RequestError."""
    from urllib.parse import urljoin

    if not location:
        raise RequestError("the server sends on without saying where")
    try:
        target = urls.parse(urljoin(place.url, location))
    except ValueError:
        raise RequestError("the server sends on to something that is no URL") from None
    if target.origin == place.origin:
        return target
    hint = "nothing is sent to another origin; if that place is right, give its URL"
    if target.host == place.host and target.origin[0] == "https":
        hint = f'give the URL with "{target.site}"'
    raise RequestError(f'the server sends on to "{target.site}", not to itself', hint=hint)


def _unwanted(response: requests.Response) -> RequestError:
    status = response.status_code
    return RequestError(
        f"the server answers {status}",
        away=status >= 500 or status == 429,
        again=status in _AGAIN,
        status=status,
        retry_after=retry_after(response.headers.get("Retry-After")),
    )


def _body(response: requests.Response, max_bytes: int, end: float) -> bytes:
    """The whole body of an answer, as it was sent, by `end` on the clock that never goes back. Raises RequestError."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in {"identity", ""}:
        raise RequestError("the server answers with packed content, which was not asked for")
    length = response.headers.get("Content-Length", "")
    announced = length.isascii() and length.isdigit() and response.status_code not in _EMPTY
    expected = int(length[:18]) if announced else None
    body = b""
    while len(body) <= max_bytes and (expected is None or expected <= max_bytes):
        # Not read(): of a chunk with the length -1 that takes all there is
        chunk = response.raw.read1(_CHUNK, decode_content=False)
        if not chunk:
            break
        if time.monotonic() > end:
            raise unreachable("it doesn't answer in time")
        body += chunk
    else:
        raise RequestError(f"the server's answer is larger than the limit of {max_bytes:,} bytes")
    if expected is not None and len(body) < expected:
        raise unreachable("the connection broke off")
    return body


def retry_after(value: str | None) -> float:
    """The seconds that `Retry-After` asks for: a number or a date (RFC 9110, 10.2.3); 0 where it says neither."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    if not value:
        return 0
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
        return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return 0
