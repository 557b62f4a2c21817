"""The routes of the reports."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from starlette.responses import Response

from shipper.errors import shown
from shipper.server.reports.csvtext import MEDIA_TYPE
from shipper.server.reports.errors import DEFAULT_LIMIT, After, ErrorReport, Limit, error_report, read_cursor
from shipper.server.reports.period import read_period
from shipper.server.reports.trends import Days, Trends, trends
from shipper.server.reports.usage import PrimaryKey, Question, UsageReport, usage_csv, usage_report
from shipper.server.timetext import TimeText
from shipper.serving.problems import MEDIA_TYPE as PROBLEM_TYPE
from shipper.serving.problems import Problem, ProblemError
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from shipper.license.document import License
    from shipper.storage.database import Database

FORMATS = ("json", "csv")
_PROBLEM = Answer("The query can't be answered.", Problem, PROBLEM_TYPE)
Format = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(FORMATS)})]


class UsageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without a period, all time. `primary_key` is by what users are told apart: without it, by what is licensed."""

    format: Format = "json"
    start: TimeText = msgspec.field(name="from", default="")
    end: TimeText = msgspec.field(name="to", default="")
    primary_key: PrimaryKey | None = None


class TrendsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`days` until today, which is one of them."""

    days: Days = 30


class ErrorsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A period, one kind or both, and after which entry to go on."""

    start: TimeText = msgspec.field(name="from", default="")
    end: TimeText = msgspec.field(name="to", default="")
    kind: Literal["error", "session_denied"] | None = None
    limit: Limit = DEFAULT_LIMIT
    after: After = ""


class Reports:
    """Answers from `database`. `license` is the one that is served now, `now` the time in microseconds."""

    def __init__(self, database: Database, license: Callable[[], License | None], now: Callable[[], int]) -> None:
        self._database = database
        self._license = license
        self._now = now

    async def usage(self, request: Request) -> Response:
        query: UsageQuery = request.state.query
        if query.format not in FORMATS:
            detail = f"a usage report comes as json or csv, not {shown(query.format)}; spreadsheets open csv"
            raise ProblemError(400, "INVALID_FORMAT", detail)
        now = self._now()
        question = Question(read_period(query.start, query.end, now), query.primary_key, self._license(), now)
        work = partial(usage_report, question=question)
        report = await asyncio.wrap_future(self._database.read(work))
        if query.format == "json":
            return json_response(report)
        text = await asyncio.to_thread(usage_csv, report)
        headers = {"content-type": MEDIA_TYPE, "content-disposition": 'attachment; filename="usage.csv"'}
        return Response(text.encode("utf-8"), headers=headers)

    async def trends(self, request: Request) -> Response:
        query: TrendsQuery = request.state.query
        work = partial(trends, days=query.days, license=self._license(), now=self._now())
        return json_response(await asyncio.wrap_future(self._database.read(work)))

    async def errors(self, request: Request) -> Response:
        query: ErrorsQuery = request.state.query
        work = partial(
            error_report,
            period=read_period(query.start, query.end, self._now()),
            license=self._license(),
            kind=query.kind,
            limit=query.limit,
            after=read_cursor(query.after),
        )
        return json_response(await asyncio.wrap_future(self._database.read(work)))


def report_routes(
    database: Database, license: Callable[[], License | None], now: Callable[[], int]
) -> tuple[Route, ...]:
    """The routes: `license` gives the license that is served now, `now` the time in microseconds."""
    reports = Reports(database, license, now)
    scopes = frozenset({Scope.report})
    return (
        Route(
            "GET",
            "/api/v1/reports/usage",
            scopes,
            reports.usage,
            "Who used the product, and how much",
            {200: Answer("The report, as JSON or CSV.", UsageReport, texts=("text/csv",)), 400: _PROBLEM},
            "Without `from` and `to`, of all time. `format=csv` gives the users alone.",
            query=UsageQuery,
        ),
        Route(
            "GET",
            "/api/v1/reports/usage/trends",
            scopes,
            reports.trends,
            "Day by day: sessions, users, seats, CI, denials",
            {200: Answer("One entry for each day in UTC, oldest first.", Trends)},
            query=TrendsQuery,
        ),
        Route(
            "GET",
            "/api/v1/reports/errors",
            scopes,
            reports.errors,
            "Errors of operators, and who was refused and why",
            {200: Answer("The newest first, a page at a time.", ErrorReport), 400: _PROBLEM},
            query=ErrorsQuery,
        ),
    )
