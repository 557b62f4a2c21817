"""What an operator asks of the license server: every call under the server's prefix, over connections that are kept.

All of them may be sent twice: sessions and events have ids that the operator chose. The server's words are taken from
a refusal only where it speaks as one of our servers (application/problem+json).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from shipper.errors import NetworkError
from shipper.license import armor, http, urls
from shipper.license.faults import RequestError
from shipper.license.sources import KEY_HEADER, SERVER_PATH
from shipper.usage.grants import Grant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shipper.license.http import Reply
    from shipper.license.urls import Place
    from shipper.usage.grants import Claim

T = TypeVar("T")

SESSIONS_PATH = "/api/v1/sessions"
EVENTS_PATH = "/api/v1/events"
MAX_ANSWER = 1024 * 1024
MAX_RETRY_AFTER = 3600.0
"""A server that asks for more patience than that, in seconds, is asked again all the same."""
MAX_SENTENCE = 400
"""How much of a server's sentence is taken, in characters: people have to read it."""
SESSION_SECONDS = 5.0
"""An app waits for this answer: later the operator decides alone."""
EVENTS_SECONDS = 30.0
LICENSE_SECONDS = 20.0
_AWAY = frozenset({408, 425, 429})
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What comes of a body that is no JSON, or another, or nested too deeply."""


class Away(Exception):  # noqa: N818 - it says what the server is
    """The server gives no decision for now: it can't be reached, is failing or full, or something else answers.

    `reason` is a sentence for people, without secrets. `retry_after` is in how many seconds it wants to be asked again,
    0 where it doesn't say. `status` is 0 where there was no answer.
    """

    def __init__(self, reason: str, *, retry_after: float = 0, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = min(retry_after, MAX_RETRY_AFTER)
        self.status = status


class KeyRefused(Away):
    """The server doesn't take the license key (401), or not for this (403): somebody has to set that right."""


class Defect(NamedTuple):
    """What is wrong with the event at the place `at` of a batch, from 0."""

    at: int
    detail: str


class Refused(Exception):  # noqa: N818 - it says what the answer is
    """The server has decided against it. `code` is for programs, such as SEAT_LIMIT_REACHED; `detail` is a sentence.

    `defects` are the malformed events of a batch.
    """

    def __init__(self, status: int, code: str, detail: str, defects: Sequence[Defect] = ()) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.defects = tuple(defects)


class Acknowledged(msgspec.Struct, frozen=True):
    """Ids of events: `acknowledged` need not be sent again; `duplicate` and `too_old` are some of those."""

    acknowledged: tuple[str, ...]
    duplicate: tuple[str, ...] = ()
    too_old: tuple[str, ...] = ()


class Given(NamedTuple):
    """The license as the server gives it, not verified: an envelope in JSON or a license file."""

    body: bytes
    etag: str


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    detail: str = ""


class _Defect(msgspec.Struct, frozen=True):
    index: int
    detail: str = ""


class _Defects(msgspec.Struct, frozen=True):
    errors: list[_Defect] = []


class ServerClient:
    """The license server at `server`, asked with `key`. Its calls block, and may come from several threads.

    All of them raise Away, KeyRefused among it, and those that ask for a decision raise Refused. `observe` is told of
    each request: what was asked for, whether the server gave an answer, and the seconds it took.
    """

    def __init__(
        self,
        server: Place,
        key: str,
        *,
        ca_file: str | None = None,
        observe: Callable[[str, bool, float], None] = lambda *_: None,
    ) -> None:
        self._base = server.url.rstrip("/")
        self._key = key
        self._ca_file = ca_file
        self._line = http.Line()
        self._observe = observe

    def license(self, etag: str = "") -> Given | None:
        """The license that is served now, None where it is still the one with this `etag`."""
        accept = {"Accept": "application/json, application/x-pem-file;q=0.5"}
        headers = {**accept, "If-None-Match": etag} if etag else accept
        reply = self._ask("GET", SERVER_PATH, LICENSE_SECONDS, armor.MAX_BYTES, headers=headers)
        if reply.status == 304 and etag:
            return None
        if reply.status == 200:
            return Given(reply.body, _one_line(reply.headers.get("ETag", "")))
        if reply.status == 403:
            raise KeyRefused("the license server refuses the license key (403)", status=403)
        raise _strange(reply)

    def claim(self, claim: Claim) -> Grant:
        """Ask for a seat: with the same id again, for the same one.

        Raises Refused: with status 403 it is denied, with 409 the id is another session's.
        """
        return _grant(self._decided("POST", SESSIONS_PATH, msgspec.json.encode(claim), {200, 201}), claim.id)

    def heartbeat(self, session: str) -> Grant:
        """Say that a session goes on. Raises Refused: 404 it is unknown, 410 it has ended, 403 its seat is gone."""
        return _grant(self._decided("PUT", _session_path(session), b"", {200}), session)

    def end(self, session: str) -> None:
        """Say that a session has ended, once or several times. Raises Refused: 404 it is unknown."""
        self._decided("DELETE", _session_path(session), b"", {200, 204})

    def send_events(self, events: Sequence[bytes]) -> Acknowledged:
        """Report events, each as JSON, in one batch.

        Raises Refused with status 413 for too large a batch, also where a proxy says so, 422 for one with malformed
        events, and 400 for one that is no JSON, since an event was damaged here; nothing is kept of it then.
        """
        body = b'{"events":[' + b",".join(events) + b"]}"
        reply = self._ask("POST", EVENTS_PATH, EVENTS_SECONDS, MAX_ANSWER, body=body)
        if reply.status == 413 and len(events) > 1:
            # Whoever says so, perhaps a proxy with a limit of its own: fewer may pass
            raise Refused(413, "BODY_TOO_LARGE", "the batch is too large")
        if reply.status in {413, 422} or _is_no_json(reply):
            raise _refused(reply)
        if reply.status == 403:
            raise KeyRefused("the license server takes no events with this license key (403)", status=403)
        if reply.status != 200:
            raise _strange(reply)
        return _decoded(reply, Acknowledged)

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def _decided(self, method: str, path: str, body: bytes, good: set[int]) -> Reply:
        reply = self._ask(method, path, SESSION_SECONDS, MAX_ANSWER, body=body)
        if reply.status in good:
            return reply
        if reply.status in {400, 403, 404, 409, 410, 422}:
            raise _refused(reply)
        raise _strange(reply)

    def _ask(
        self,
        method: str,
        path: str,
        timeout: float,
        max_bytes: int,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        given = {"Accept": "application/json", KEY_HEADER: self._key, **(headers or {})}
        if body:
            given["Content-Type"] = "application/json"
        request = http.Request(urls.parse(self._base + path), given, timeout, self._ca_file, method, body)
        began, answered = time.perf_counter(), False
        try:
            reply = self._line.ask(request, max_bytes=max_bytes)
            answered = reply.status < 500
        except NetworkError as error:
            status = error.status if isinstance(error, RequestError) else 0
            raise Away(f"{error.message} ({error.hint})" if error.hint else error.message, status=status) from None
        finally:
            self._observe(_named(method, path), answered, time.perf_counter() - began)
        if reply.status == 401:
            raise KeyRefused("the license server refuses the license key (401)", status=401)
        if reply.status >= 500 or reply.status in _AWAY:
            wait = http.retry_after(reply.headers.get("Retry-After"))
            raise Away(f"the license server answers {reply.status}", retry_after=wait, status=reply.status)
        return reply


def _named(method: str, path: str) -> str:
    """What is asked for, in a word for metrics."""
    if path.startswith(SESSIONS_PATH):
        return {"POST": "claim", "PUT": "heartbeat"}.get(method, "end")
    return "events" if path == EVENTS_PATH else "license"


def _session_path(session: str) -> str:
    from urllib.parse import quote

    return f"{SESSIONS_PATH}/{quote(session, safe='')}"


def _refused(reply: Reply) -> Exception:
    """The refusal in an answer; one that isn't in our servers' form decides nothing."""
    problem = _problem(reply)
    if problem is None:
        return _strange(reply)
    if problem.code == "NOT_FOUND":  # the path, not the session
        return _strange(reply)
    if problem.code == "FORBIDDEN":
        return KeyRefused(f"the license key is not good for this: {_sentence(problem.detail)}", status=reply.status)
    return Refused(reply.status, problem.code, _sentence(problem.detail), _defects(reply.body))


def _defects(body: bytes) -> list[Defect]:
    try:
        found = msgspec.json.decode(body, type=_Defects).errors
    except _NOT_DECODED:
        return []
    return [Defect(each.index, _sentence(each.detail)) for each in found]


def _strange(reply: Reply) -> Away:
    """The error for an answer that none of our servers would give here."""
    problem = _problem(reply)
    if problem and reply.status != 404:
        said = f"{problem.code}: {_sentence(problem.detail)}"
        return Away(f"the license server answers {reply.status}, {said}", status=reply.status)
    hint = ": is its URL right, with the prefix that it is under?" if reply.status in {404, 405} else ""
    return Away(f"what answers is no license server ({reply.status}){hint}", status=reply.status)


def _is_no_json(reply: Reply) -> bool:
    problem = _problem(reply) if reply.status == 400 else None
    return problem is not None and problem.code == "MALFORMED_JSON"


def _problem(reply: Reply) -> _Problem | None:
    """What an answer says as one of our servers; None for anything else."""
    kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/problem+json":
        return None
    try:
        problem = msgspec.json.decode(reply.body, type=_Problem)
    except _NOT_DECODED:
        return None
    return problem if _CODE.fullmatch(problem.code) else None


def _decoded(reply: Reply, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except _NOT_DECODED:
        raise _something_else(reply) from None


def _grant(reply: Reply, session: str) -> Grant:
    """What is granted to `session`. Raises Away for an answer about something else."""
    grant = _decoded(reply, Grant)
    if grant.id != session:
        raise _something_else(reply)
    return msgspec.structs.replace(grant, warning=_sentence(grant.warning))


def _something_else(reply: Reply) -> Away:
    return Away(f"what answers is no license server: to {reply.status} it adds something else", status=reply.status)


def _sentence(text: str) -> str:
    """A server's text, cut and without what a terminal obeys."""
    cut = text if len(text) <= MAX_SENTENCE else f"{text[: MAX_SENTENCE - 1]}…"
    return "".join(char if char.isprintable() else " " for char in cut)


def _one_line(text: str) -> str:
    """A header that may be sent back as it is, or nothing."""
    return text if len(text) <= 256 and text.isascii() and text.isprintable() else ""
