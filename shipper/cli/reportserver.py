"""What a license server reports, asked for on the command line. The server is a stranger: it is believed no shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from shipper.errors import NetworkError, Position, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shipper.license.http import Reply

USAGE = "/api/v1/reports/usage"
ERRORS = "/api/v1/reports/errors"
SEATS = "/api/v1/seats"
MAX_ANSWER = 64 * 1024 * 1024
MAX_DETAIL = 500


class ReportServer(NamedTuple):
    """Where to ask, and with which key. `timeout` is in seconds, for one request."""

    url: str
    key: str
    timeout: float
    ca_file: str | None

    def __repr__(self) -> str:
        return f"ReportServer(url={self.url!r}, key=...)"

    def get(self, path: str, query: Mapping[str, str | None]) -> bytes:
        """The answer 200. Raises UsageError where the question is refused, NetworkError for anything else."""
        from shipper.license import http
        from shipper.license.sources import KEY_HEADER, server_place

        asked = {name: value for name, value in query.items() if value is not None}
        place = server_place(self.url, self.key, path)
        if asked:
            from shipper.license import urls

            place = urls.parse(f"{place.url}?{urlencode(asked)}")
        headers = {KEY_HEADER: self.key, "Accept": "application/json, text/csv"}
        line = http.Line()
        try:
            reply = line.ask(http.Request(place, headers, self.timeout, self.ca_file), max_bytes=MAX_ANSWER)
        except NetworkError as error:
            error.position = Position(self.name)
            raise
        finally:
            line.close()
        if reply.status != 200:
            raise self._refused(reply)
        return reply.body

    def json(self, path: str, query: Mapping[str, str | None]) -> dict[str, Any]:
        """The object in the answer. Raises UsageError, NetworkError."""
        body = self.get(path, query)
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self.nonsense()
        return found

    def shown(self, view: Callable[[], str]) -> str:
        """What `view` makes of answers. Raises NetworkError where they have another form than it needs."""
        try:
            return view()
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError):
            raise self.nonsense() from None

    @property
    def name(self) -> str:
        """How messages call it."""
        from shipper.license.sources import server_place

        return server_place(self.url, self.key, "").name

    def nonsense(self) -> NetworkError:
        """The error for an answer that has another form than a report."""
        return NetworkError(
            "what the server answers is no report",
            position=Position(self.name),
            hint="is it the URL of a license server, of this version?",
        )

    def _refused(self, reply: Reply) -> UsageError | NetworkError:
        detail = _detail(reply.body)
        if reply.status in {400, 422} and detail:
            return UsageError(f"the server refuses the question: {detail}")
        position = Position(self.name)
        if reply.status == 401:
            return NetworkError(
                "the server refuses the license key (401)",
                position=position,
                hint="is the license key right, and for this server?",
            )
        if reply.status == 403:
            return NetworkError(
                "the license key doesn't open reports (403)",
                position=position,
                hint="a named key needs the scope report",
            )
        if reply.status == 404:
            return NetworkError(
                "the server has no reports there (404)",
                position=position,
                hint="is the URL right, with the prefix that the server is under?",
            )
        return NetworkError(f"the server answers {reply.status}{f': {detail}' if detail else ''}", position=position)


def _detail(body: bytes) -> str:
    """What a problem says, an empty text for any other answer."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    detail = found.get("detail") if isinstance(found, dict) else None
    return detail[:MAX_DETAIL] if isinstance(detail, str) else ""
