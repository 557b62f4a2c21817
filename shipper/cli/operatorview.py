"""How the status of an operator is shown: what an admin wants to read first stands first, in 80 columns."""

from __future__ import annotations

import textwrap
from datetime import datetime
from typing import Any

from shipper.cli.funnel import counted, printable

WIDTH = 80
_DAY = 86_400
_STATES = {"valid": "valid", "in_grace": "in its days of grace", "expired": "expired", "not_yet_valid": "not yet valid"}
_CONTACTS = {
    "never": "not asked yet",
    "ok": "answers",
    "away": "away",
    "key_refused": "refuses the license key",
    "license_refused": "gives a license that is refused",
}


def shown(status: dict[str, Any]) -> str:
    """The status, which is as the API gives it, as text."""
    lines = [_row(name, text) for name, text in _rows(status) if text]
    lines += _problems(status["problems"])
    lines += _table(status["sessions"])
    return "".join(f"{printable(line)}\n" for line in lines)


def _rows(status: dict[str, Any]) -> list[tuple[str, str]]:
    at = datetime.fromisoformat(status["at"])
    spool, license = status["spool"], status["license"]
    alone = status["server"]["contact"] == "alone"
    running = "" if status["running"] else ", not running"
    cluster = f', cluster "{status["cluster"]}"' if status["cluster"] else ""
    return [
        ("Operator", f"{status['operator']}{cluster}{running}"),
        ("Server", _server(status["server"], at)),
        ("License", _license(license) if license else "none yet"),
        ("State", _state(license, at) if license else ""),
        ("Offline", _offline(license["offline"], at) if license and license["offline"] else ""),
        ("Seats", _seats(status["seats"], license, at, alone=alone)),
        ("Sessions", _sessions(status["sessions"], alone=alone)),
        ("Spool", _spool(spool, at) if spool["events"] or not alone else ""),
        ("Secrets", _secrets(status["secrets"], at)),
    ]


def _row(name: str, text: str) -> str:
    return f"{name:10}{_cut(text, WIDTH - 10)}"


def _server(server: dict[str, Any], at: datetime) -> str:
    if server["contact"] == "alone":
        return "none: the operator stands alone"
    reached = f"reached {_ago(server['reached'], at)}" if server["reached"] else "never reached"
    if not server["url"]:
        return reached
    return f"{_CONTACTS.get(server['contact'], server['contact'])}, {reached}: {server['url']}"


def _license(license: dict[str, Any]) -> str:
    unverified = "" if license["verified"] else "not verified: "
    named = f"{license['id']} (serial {license['serial']}{', of the file' if license['source'] == 'file' else ''})"
    return f"{unverified}{named}, {license['product']} for {license['customer']['name']}"


def _state(license: dict[str, Any], at: datetime) -> str:
    name = _STATES.get(license["state"], license["state"])
    if license["state"] == "not_yet_valid":
        return f"{name}: from {_time(license['not_before'])}"
    if license["expires_at"] is None:
        return f"{name}, never expires"
    if license["state"] == "expired":
        return f"{name} since {_time(license['ends_at'])}"
    if license["state"] == "in_grace":
        return f"{name}: expired at {_time(license['expires_at'])}, {_left(license['ends_at'], at)}"
    return f"{name} until {_time(license['expires_at'])}, {_left(license['expires_at'], at)}"


def _offline(offline: dict[str, Any], at: datetime) -> str:
    days = counted(offline["days"], "day")
    return f"{days} without the server: until {_time(offline['ends_at'])}, {_left(offline['ends_at'], at)}"


def _seats(seats: dict[str, Any] | None, license: dict[str, Any] | None, at: datetime, *, alone: bool) -> str:
    if license is None:
        return ""
    if license["seats"] is None:
        return "not counted"
    rule = f"{license['seats']['limit']} ({license['seats']['unit']}, {license['seats']['window']})"
    if seats is None:
        return f"{rule}; how many are used is not known yet"
    if alone:
        return f"{seats['used']} of {rule} used"
    return f"{seats['used']} of {rule} used, as the server said {_ago(seats['at'], at)}"


def _sessions(sessions: list[dict[str, Any]], *, alone: bool) -> str:
    ci = sum(session["ci"] for session in sessions)
    without = 0 if alone else sum(session["decided_by"] == "operator" for session in sessions)
    parts = [f"{len(sessions)} open"]
    parts += [f"{ci} of CI"] if ci else []
    parts += [f"{without} decided without the server"] if without else []
    return ", ".join(parts)


def _spool(spool: dict[str, Any], at: datetime) -> str:
    text = f"{counted(spool['events'], 'event')} to be sent"
    if spool["oldest"]:
        text += f", the oldest from {_ago(spool['oldest'], at)}"
    return text + (f", {spool['set_aside']} set aside" if spool["set_aside"] else "")


def _secrets(secrets: list[dict[str, Any]], at: datetime) -> str:
    """Empty where none are kept."""
    if not secrets:
        return ""
    right = sum(each["state"] == "ok" for each in secrets)
    last = max((each["synced"] for each in secrets if each["synced"]), default="")
    return f"{right} of {len(secrets)} in step with the license" + (f", seen {_ago(last, at)}" if last else "")


def _problems(problems: list[str]) -> list[str]:
    if not problems:
        return [_row("Problems", "none")]
    lines: list[str] = []
    for problem in problems:
        wrapped = textwrap.wrap(printable(problem), WIDTH - 10, break_on_hyphens=False) or [""]
        lines += [f"{'' if lines or number else 'Problems':10}{line}" for number, line in enumerate(wrapped)]
    return lines


def _table(sessions: list[dict[str, Any]]) -> list[str]:
    if not sessions:
        return []
    lines = ["", f"{'SESSION':10}{'USER':34}{'SINCE':22}SEAT BY"]
    for each in sessions:
        user = "-" if each["ci"] and each["rule"] == "unknown" else each["user"]
        lines.append(
            f"{each['session']:10}{_cut(user, 32):34}{_time(each['since']):22}{'CI, none' if each['ci'] else each['rule']}"
        )
    return lines


def _time(text: str) -> str:
    return f"{text[:19]}Z"


def _ago(text: str, at: datetime) -> str:
    seconds = max(0, int((at - datetime.fromisoformat(text)).total_seconds()))
    return f"{_span(seconds)} ago"


def _left(text: str, at: datetime) -> str:
    seconds = int((datetime.fromisoformat(text) - at).total_seconds())
    return f"{_span(seconds)} left" if seconds > 0 else "over"


def _span(seconds: int) -> str:
    for size, word in ((_DAY, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (size == _DAY and seconds >= _DAY):
            return counted(seconds // size, word)
    return counted(seconds, "second")


def _cut(text: str, width: int) -> str:
    """`text` in at most so many characters, with nothing a terminal obeys."""
    text = printable(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"
