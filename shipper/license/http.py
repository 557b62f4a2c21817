"""One GET, done so that it ends in time, takes little, and tells nobody else what it asks with.

A server is a stranger: its answer has a limit, is never unpacked, and may send on only to its own origin (scheme,
host and port). All time limits are one deadline, also for the slow resolution of a name and for headers that
trickle. `requests` is imported only here, and only for a request.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from shipper import __version__
from shipper.license import urls
from shipper.license.faults import RequestError, fault, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from shipper.license.urls import Place

T = TypeVar("T")

MAX_REDIRECTS = 5
ATTEMPT_SECONDS = 10.0
"""What one attempt may take, or a third of the whole time where that is more."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGAIN = frozenset({429, 500, 502, 503, 504})
_CHUNK = 16 * 1024


@dataclass(frozen=True)
class Request:
    """What is asked for: `headers` may hold secrets. `timeout` is for all attempts together, in seconds."""

    place: Place
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 30.0
    ca_file: str | None = None


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


def get(request: Request, *, max_bytes: int, pace: Pace | None = None) -> bytes:
    """The body of the answer 200, of at most `max_bytes`.

    Tries again, within `request.timeout`, where the server can't be reached, breaks off, or answers 429, 500, 502,
    503 or 504. Raises RequestError.
    """
    pace = pace or PACE
    end = pace.clock() + request.timeout
    longest = max(ATTEMPT_SECONDS, request.timeout / 3)
    attempt = 0
    while True:
        attempt += 1
        seconds = min(longest, max(end - pace.clock(), 0.001))
        try:
            return within(seconds, partial(_attempt, request, seconds, max_bytes))
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
    import threading
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


def _attempt(request: Request, seconds: float, max_bytes: int) -> bytes:
    """One request, and those to which the server's own origin sends on. Raises RequestError."""
    import http.client

    import requests
    import urllib3

    place = request.place
    # An exception on the way may carry the request with its headers: none leaves as a cause. Some proxies and answers
    # make requests and http.client raise ValueError and TypeError
    refused = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)
    try:
        with _session() as session:
            for _ in range(MAX_REDIRECTS + 1):
                with session.get(
                    place.url,
                    headers={**session.headers, **request.headers},
                    timeout=seconds,
                    verify=request.ca_file or True,
                    stream=True,
                    allow_redirects=False,
                ) as response:
                    if response.status_code not in _REDIRECTS:
                        return _body(response, max_bytes)
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


def _body(response: requests.Response, max_bytes: int) -> bytes:
    """The whole body of the answer 200, as it was sent. Raises RequestError."""
    status = response.status_code
    if status != 200:
        raise RequestError(
            f"the server answers {status}",
            away=status >= 500 or status == 429,
            again=status in _AGAIN,
            status=status,
            retry_after=_retry_after(response.headers.get("Retry-After")),
        )
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in {"identity", ""}:
        raise RequestError("the server answers with packed content, which was not asked for")
    length = response.headers.get("Content-Length", "")
    expected = int(length[:18]) if length.isascii() and length.isdigit() else None
    body = b""
    while len(body) <= max_bytes and (expected is None or expected <= max_bytes):
        # Not read(): of a chunk with the length -1 that takes all there is
        chunk = response.raw.read1(_CHUNK, decode_content=False)
        if not chunk:
            break
        body += chunk
    else:
        raise RequestError(f"the server's answer is larger than the limit of {max_bytes:,} bytes")
    if expected is not None and len(body) < expected:
        raise unreachable("the connection broke off")
    return body


def _retry_after(value: str | None) -> float:
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
