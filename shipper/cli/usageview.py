"""How usage is shown: what an admin wants to know first stands first, in 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shipper.cli.funnel import counted, printable, width

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 80
MAX_DENIALS = 10
_FIRST = 20
"""So much of the first column is kept before the last is cut, and of each _LEAST."""
_LEAST = 6
_UNITS = {"user": "users", "machine": "machines"}


def report_text(server: str, report: dict[str, Any], seats: dict[str, Any], denied: dict[str, Any]) -> str:
    """A usage report with the seats of now and the newest denials of its period."""
    denials, more = denied.get("entries", []), "more than " if denied.get("next") else ""
    general, ever, ci = report["generalMetrics"], report["allTimeMetrics"], report["ciMetrics"]
    users = report["userMetrics"]
    seconds = sum(user["totalSessionTimeSeconds"] for user in users)
    sessions = sum(user["totalSessionCount"] for user in users)
    version = f", operator {general['operatorVersion']}" if general["operatorVersion"] else ""
    last = general["lastOperatorEvent"]
    rows = [
        ("Server", server),
        ("Period", _period(general["reportPeriod"])),
        ("Tier", general["tier"]),
        ("Seats", _seats(seats)),
        ("Active", f"{counted(general['activeUsers'], seats['unit'])} in the period"),
        ("Sessions", f"{sessions} in the period, {_span(seconds)}; {ever['totalSessionCount']} in all time"),
        ("CI", _ci(ci)),
        ("Denied", f"{more}{counted(len(denials), 'session') if denials else 'nobody'} in the period"),
        ("Operators", f"heard of at {_time(last)}{version}" if last else "none was heard of yet"),
    ]
    lines = [_row(name, text) for name, text in rows if text]
    lines += _users(users) if users else []
    lines += _denials(denials, more) if denials else []
    return _text(lines)


def seats_text(server: str, table: dict[str, Any]) -> str:
    """Who holds a seat."""
    rows = [
        ("Server", server),
        ("At", _time(table["at"])),
        ("Seats", _seats(table)),
        ("CI", f"{table['ci_running']} running" if table["ci_running"] else ""),
    ]
    lines = [_row(name, text) for name, text in rows if text]
    if table["seats"]:
        head = (table["unit"].upper(), "BY", "SINCE", "FREE FROM", "ON")
        lines += ["", *_table([head, *map(_seat, table["seats"])])]
    return _text(lines)


def _seat(seat: dict[str, Any]) -> tuple[str, ...]:
    since, free = _minute(seat["since"]), _minute(seat["frees_at"])
    return seat["identity"], seat["rule"], since, free, ", ".join(seat["clusters"])


def _users(users: Sequence[dict[str, Any]]) -> list[str]:
    head = ("USER", "SESSIONS", "TIME", "MEAN", "A DAY", "LAST SEEN", "ON")
    return ["", *_table([head, *map(_user, users)], numbers=range(1, 5))]


def _user(user: dict[str, Any]) -> tuple[str, ...]:
    return (
        user["identifier"],
        str(user["totalSessionCount"]),
        _span(user["totalSessionTimeSeconds"]),
        _span(user["averageSessionDurationSeconds"]),
        f"{user['averageDailySessions']:.1f}",
        _minute(user["lastSeen"]),
        ", ".join(user["clusters"]),
    )


def _denials(denials: Sequence[dict[str, Any]], more: str) -> list[str]:
    head = ("DENIED", "AT", "REASON", "ON")
    rows = [
        (_who(entry["user"] or {}), _minute(entry["timestamp"]), entry["reason"] or "", entry["cluster"])
        for entry in denials[:MAX_DENIALS]
    ]
    left = len(denials) - MAX_DENIALS
    return ["", *_table([head, *rows]), *([f"and {more}{left} before"] if left > 0 else [])]


def _who(user: dict[str, Any]) -> str:
    names = (user.get(name) for name in ("username", "client_username", "machine_id", "client_hostname"))
    return next(filter(None, names), "unknown")


def _seats(table: dict[str, Any]) -> str:
    unit = _UNITS.get(table["unit"], table["unit"])
    rule = f"{unit}, {table['window']['rule']}"
    if table["limit"] is None:
        return f"{table['used']} used, not limited ({rule})"
    state = f"{table['over']} too many" if table["over"] else f"{table['free']} free"
    return f"{table['used']} of {table['limit']} used, {state} ({rule}; overage: {table['overage']})"


def _ci(ci: dict[str, Any]) -> str:
    mean = ci["avgCiSessionDurationSeconds"]
    if not ci["totalCiSessions"] and not ci["currentRunningSessions"]:
        return "no sessions"
    took = f", {_span(mean)} each" if mean is not None else ""
    return (
        f"{ci['currentRunningSessions']} running; in the period {counted(ci['totalCiSessions'], 'session')}, "
        f"at most {ci['maxConcurrentCiSessions']} at once{took}"
    )


def _period(period: dict[str, Any]) -> str:
    if period["from"] is None:
        return f"all time, to {_time(period['to'])}"
    return f"{_time(period['from'])} to {_time(period['to'])}"


def _row(name: str, text: str) -> str:
    return f"{name:11}{_cut(text, WIDTH - 11)}"


def _table(rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> list[str]:
    """Rows as columns; where they are wider than the page, the first and the last are cut."""
    widths = [max(_wide(printable(row[column])) for row in rows) for column in range(len(rows[0]))]
    room = WIDTH - 2 * (len(widths) - 1) - sum(widths[1:-1])
    widths[-1] = max(_LEAST, min(widths[-1], room - min(widths[0], _FIRST)))
    widths[0] = max(_LEAST, min(widths[0], room - widths[-1]))
    return [
        "  ".join(_cell(text, widths[column], right=column in numbers) for column, text in enumerate(row)).rstrip()
        for row in rows
    ]


def _cell(text: str, room: int, *, right: bool) -> str:
    text = _cut(text, room)
    pad = " " * (room - _wide(text))
    return pad + text if right else text + pad


def _cut(text: str, room: int) -> str:
    text = printable(text)
    if _wide(text) <= room:
        return text
    while _wide(text) >= room:
        text = text[:-1]
    return f"{text}…"


def _wide(text: str) -> int:
    return len(text) if text.isascii() else sum(map(width, text))


def _time(text: str) -> str:
    """To the second."""
    return f"{text[:19]}Z"


def _minute(text: str) -> str:
    return text[:16].replace("T", " ")


def _span(seconds: float) -> str:
    """`3h 05m`, `5m 03s`, `7s`."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 60}m {whole % 60:02}s" if whole >= 60 else f"{whole}s"


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
