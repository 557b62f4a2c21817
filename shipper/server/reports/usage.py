"""The usage report: its JSON has the names that dashboards made for mirrord's license server read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, get_args

import msgspec

from shipper.server.reports import figures
from shipper.server.reports.csvtext import csv_text
from shipper.server.reports.figures import AllTime
from shipper.server.timetext import LAST
from shipper.usage.clusters import Cluster, labels
from shipper.usage.identity import UNKNOWN
from shipper.usage.times import DAY, SECOND, instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shipper.license.document import License
    from shipper.server.reports.csvtext import Cell
    from shipper.server.reports.figures import Ci, Group
    from shipper.server.reports.period import Period
    from shipper.storage.database import Transaction

PrimaryKey = Literal["machine_id", "username", "client_username", "client_hostname"]
PRIMARY_KEYS: tuple[str, ...] = get_args(PrimaryKey)
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class ReportPeriod(msgspec.Struct, frozen=True, rename="camel"):
    """Both ends are included; `from` is null for all time."""

    start: datetime | None = msgspec.field(name="from")
    end: datetime = msgspec.field(name="to")


class GeneralMetrics(msgspec.Struct, frozen=True, rename="camel"):
    """`total_licenses` is the limit of seats, null for none; `active_users` are those who hold or held a seat."""

    total_licenses: Count | None
    tier: str
    active_users: Count
    report_period: ReportPeriod
    operator_version: str | None
    last_operator_event: datetime | None


class AllTimeMetrics(msgspec.Struct, frozen=True, rename="camel"):
    """Since the beginning, whatever the period; sessions without those of CI."""

    total_session_count: Count
    total_session_time_seconds: Seconds
    total_ci_session_count: Count


class CiMetrics(msgspec.Struct, frozen=True, rename="camel"):
    """CI sessions of the period; `current_running_sessions` is that of now."""

    current_running_sessions: Count
    max_concurrent_ci_sessions: Count
    total_ci_sessions: Count
    avg_ci_session_duration_seconds: Seconds | None


class UserMetric(msgspec.Struct, frozen=True, rename="camel"):
    """One user in the period. `identifier` is what `rule` says; the four names are those of the latest session.

    `clusters` are what clusters are called: two of one name have the beginning of their ids behind it.
    """

    identifier: str
    rule: str
    machine_id: str | None
    username: str | None
    client_hostname: str | None
    client_username: str | None
    first_active: datetime
    last_seen: datetime
    total_session_count: Count
    total_session_time_seconds: Seconds
    average_session_duration_seconds: Seconds
    average_daily_sessions: Seconds
    clusters: list[str]


class UsageReport(msgspec.Struct, frozen=True, rename="camel"):
    """What was used in a period, and by whom."""

    general_metrics: GeneralMetrics
    all_time_metrics: AllTimeMetrics
    ci_metrics: CiMetrics
    user_metrics: list[UserMetric]


class Question(NamedTuple):
    """What a usage report is asked for: users by `primary_key`, None for what the license counts."""

    period: Period
    primary_key: str | None
    license: License | None
    now: int


def usage_report(tx: Transaction, question: Question) -> UsageReport:
    """The report."""
    period, license, now = question.period, question.license, question.now
    seats = license.seats if license else None
    groups = figures.groups(tx, period, identity_column(license))
    users = _users(groups, question.primary_key)
    called = labels((Cluster(group.cluster, group.cluster_id), group.newest) for group in groups)
    operators, ci = figures.operators(tx), figures.ci_figures(tx, period, now)
    all_time = _all_time(groups, ci) if period.start is None and period.live else figures.all_time(tx)
    metrics = [_user_metric(user, question, called) for user in users]
    metrics.sort(key=lambda one: (-one.total_session_time_seconds, one.identifier, one.rule))
    return UsageReport(
        GeneralMetrics(
            total_licenses=seats.limit if seats else None,
            tier=license.type if license else "",
            active_users=len({group.identity for group in groups}),
            report_period=ReportPeriod(None if period.start is None else instant(period.start), instant(period.end)),
            operator_version=operators.version,
            last_operator_event=None if operators.last_contact is None else instant(min(operators.last_contact, LAST)),
        ),
        AllTimeMetrics(all_time.sessions, _seconds(all_time.length), all_time.ci),
        CiMetrics(ci.running, ci.peak, ci.sessions, _seconds(ci.length / ci.sessions) if ci.sessions else None),
        metrics,
    )


def _all_time(groups: Iterable[Group], ci: Ci) -> AllTime:
    """What the database has counted already where the period is all time."""
    sessions, length = 0, 0
    for group in groups:
        sessions += group.sessions
        length += group.length
    return AllTime(sessions, ci.sessions, length)


def identity_column(license: License | None) -> str:
    """The column that names who holds a seat."""
    return "machine_identity" if license and license.seats and license.seats.unit == "machine" else "user_identity"


class _User:
    """The sums of one user over all groups."""

    def __init__(self, label: str, group: Group) -> None:
        self.label = label
        self.newest = group
        self.first, self.last = group.first, group.last
        self.sessions = self.length = 0
        self.clusters: set[Cluster] = set()

    def add(self, group: Group) -> None:
        self.first, self.last = min(self.first, group.first), max(self.last, group.last)
        self.newest = max(self.newest, group, key=lambda one: (one.newest, one))
        self.sessions += group.sessions
        self.length += group.length
        self.clusters.add(Cluster(group.cluster, group.cluster_id))


def _users(groups: Iterable[Group], primary_key: str | None) -> Iterable[_User]:
    users: dict[str, _User] = {}
    for group in groups:
        label: str = getattr(group, primary_key or "identity")
        user = users.get(label)
        if user is None:
            user = users[label] = _User(label, group)
        user.add(group)
    return users.values()


def _user_metric(user: _User, question: Question, called: Mapping[Cluster, str]) -> UserMetric:
    period, newest = question.period, user.newest
    if question.primary_key is None:
        rule, _, identifier = user.label.partition(":")
    else:
        rule, identifier = (question.primary_key, user.label) if user.label else (UNKNOWN, UNKNOWN)
    first, last = max(user.first, period.lowest), min(user.last, period.until)
    # How long the user has been there: to the end of the period, and a day at least
    days = max(1.0, (min(period.end, question.now) - first) / DAY)
    return UserMetric(
        identifier=identifier,
        rule=rule,
        machine_id=newest.machine_id or None,
        username=newest.username or None,
        client_hostname=newest.client_hostname or None,
        client_username=newest.client_username or None,
        first_active=instant(first),
        last_seen=instant(max(first, last)),
        total_session_count=user.sessions,
        total_session_time_seconds=_seconds(user.length),
        average_session_duration_seconds=_seconds(user.length / user.sessions),
        average_daily_sessions=round(user.sessions / days, 3),
        clusters=sorted({called[cluster] for cluster in user.clusters}),
    )


def _seconds(length: float) -> float:
    return round(max(0.0, length / SECOND), 3)


def usage_csv(report: UsageReport) -> str:
    """The users of a report, with the names of its JSON; clusters with semicolons between."""
    names = [field.encode_name for field in msgspec.structs.fields(UserMetric)]
    return csv_text(names, (_cells(metric) for metric in report.user_metrics))


def _cells(metric: UserMetric) -> list[Cell]:
    row: dict[str, Cell | list[str]] = msgspec.to_builtins(metric)
    return ["; ".join(cell) if isinstance(cell, list) else cell for cell in row.values()]
