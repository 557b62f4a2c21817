from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml

from shipper.cli.funnel import width
from shipper.cli.main import main
from tests import faulty
from tests.faulty import Server, says

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faulty import Answer

KEY = "secret-key-for-tests"
USER = {
    "identifier": "ann",
    "rule": "username",
    "machineId": "m1",
    "username": "ann",
    "clientHostname": None,
    "clientUsername": None,
    "firstActive": "2026-08-01T09:00:00Z",
    "lastSeen": "2026-08-15T10:00:01.5Z",
    "totalSessionCount": 12,
    "totalSessionTimeSeconds": 36305.0,
    "averageSessionDurationSeconds": 3025.4,
    "averageDailySessions": 0.83,
    "clusters": ["eu", "us"],
}
REPORT: dict[str, Any] = {
    "generalMetrics": {
        "totalLicenses": 10,
        "tier": "enterprise",
        "activeUsers": 2,
        "reportPeriod": {"from": None, "to": "2026-08-15T12:30:00.123Z"},
        "operatorVersion": "1.4.0",
        "lastOperatorEvent": "2026-08-15T12:29:00Z",
    },
    "allTimeMetrics": {"totalSessionCount": 40, "totalSessionTimeSeconds": 90000.0, "totalCiSessionCount": 7},
    "ciMetrics": {
        "currentRunningSessions": 1,
        "maxConcurrentCiSessions": 3,
        "totalCiSessions": 7,
        "avgCiSessionDurationSeconds": 130.0,
    },
    "userMetrics": [USER, {**USER, "identifier": "b" * 90, "totalSessionCount": 1, "clusters": ["c" * 40]}],
}
SEAT = {
    "identity": "ann",
    "rule": "client_username",
    "since": "2026-08-01T09:00:00Z",
    "last_active": "2026-08-15T10:00:01Z",
    "frees_at": "2026-09-14T10:00:01Z",
    "clusters": ["eu", "us"],
    "sessions": 1,
}
SEATS: dict[str, Any] = {
    "at": "2026-08-15T12:30:00Z",
    "unit": "user",
    "window": {"rule": "rolling-days:30", "from": "2026-07-16T12:30:00Z", "until": "2026-08-15T12:30:00Z"},
    "limit": 10,
    "allowed": 10,
    "overage": "deny",
    "used": 7,
    "free": 3,
    "over": 0,
    "seats": [SEAT],
    "ci_running": 2,
}
DENIAL = {
    "timestamp": "2026-08-12T09:01:00Z",
    "kind": "session_denied",
    "error": "No seat is free",
    "reason": "SEAT_LIMIT_REACHED",
    "cluster": "eu",
    "user": {"client_username": "eve"},
}
ERRORS = {"entries": [DENIAL], "next": None}


def gives(*answers: object) -> list[Answer]:
    return [says(200, json.dumps(answer).encode()) for answer in answers]


class Shell:
    def __init__(self, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.capture = capture
        self.patch = patch
        self.out = self.err = ""

    def run(self, *arguments: str, url: str = "") -> int:
        self.patch.setenv("SHIPPER_LICENSE_KEY", KEY)
        if url:
            self.patch.setenv("SHIPPER_LICENSE_SERVER", url)
        code = main(["usage", *arguments])
        self.out, self.err = self.capture.readouterr()
        assert KEY not in self.out + self.err
        return code


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def test_a_report_is_read_in_80_columns(shell: Shell) -> None:
    with Server(*gives(REPORT, SEATS, ERRORS)) as server:
        assert shell.run("report", url=f"{server.url}/prefix/") == 0
    assert shell.out == (
        f"Server     {server.url}/prefix\n"
        "Period     all time, to 2026-08-15T12:30:00Z\n"
        "Tier       enterprise\n"
        "Seats      7 of 10 used, 3 free (users, rolling-days:30; overage: deny)\n"
        "Active     2 users in the period\n"
        "Sessions   13 in the period, 20h 10m; 40 in all time\n"
        "CI         1 running; in the period 7 sessions, at most 3 at once, 2m 10s each\n"
        "Denied     1 session in the period\n"
        "Operators  heard of at 2026-08-15T12:29:00Z, operator 1.4.0\n"
        "\n"
        "USER                 SESSIONS     TIME     MEAN  A DAY  LAST SEEN         ON\n"
        "ann                        12  10h 05m  50m 25s    0.8  2026-08-15 10:00  eu, us\n"
        "bbbbbbbbbbbbbbbbbb…         1  10h 05m  50m 25s    0.8  2026-08-15 10:00  ccccc…\n"
        "\n"
        "DENIED  AT                REASON              ON\n"
        "eve     2026-08-12 09:01  SEAT_LIMIT_REACHED  eu\n"
    )
    assert [asked.target for asked in server.asked] == [
        "/prefix/api/v1/reports/usage",
        "/prefix/api/v1/seats",
        "/prefix/api/v1/reports/errors?kind=session_denied&limit=1000",
    ]
    assert {asked.headers["x-license-key"] for asked in server.asked} == {KEY}
    assert "sent in the clear over http" in shell.err


def test_every_line_fits(shell: Shell) -> None:
    wide = {**USER, "identifier": "漢" * 60, "clusters": ["é" * 90], "averageSessionDurationSeconds": 9e7}
    with Server(*gives({**REPORT, "userMetrics": [wide]}, SEATS, ERRORS)) as server:
        assert shell.run("report", url=server.url) == 0
    assert all(sum(map(width, line)) <= 80 for line in shell.out.splitlines())
    assert "漢…" in shell.out


def test_what_a_server_says_obeys_no_terminal(shell: Shell) -> None:
    bad = {**USER, "identifier": "\x1b[2Jann\u202e", "clusters": ["\r\n"]}
    with Server(*gives({**REPORT, "userMetrics": [bad]}, SEATS, {"entries": [{**DENIAL, "user": None}]})) as server:
        assert shell.run("report", url=server.url) == 0
    assert "\x1b" not in shell.out
    assert "\\x1b[2Jann\\u202e" in shell.out
    assert "unknown  2026-08-12 09:01" in shell.out


def test_the_question_goes_to_the_server(shell: Shell) -> None:
    with Server(*gives(REPORT, SEATS, ERRORS)) as server:
        arguments = ["--from", "2026-08-01T00:00:00+02:00", "--to", "2026-08-15", "--primary-key", "machine_id"]
        assert shell.run("report", *arguments, url=server.url) == 0
    period = "from=2026-08-01T00%3A00%3A00%2B02%3A00&to=2026-08-15"
    assert server.asked[0].target == f"/api/v1/reports/usage?{period}&primary_key=machine_id"
    assert server.asked[2].target == f"/api/v1/reports/errors?{period}&kind=session_denied&limit=1000"


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_data_is_the_servers_with_seats_and_denials(shell: Shell, form: str, read: Any) -> None:
    with Server(*gives(REPORT, SEATS, ERRORS)) as server:
        assert shell.run("report", "-o", form, url=server.url) == 0
    assert read(shell.out) == {**REPORT, "seats": SEATS, "denials": [DENIAL]}


def test_more_denials_than_were_asked_for_are_said(shell: Shell) -> None:
    page = {"entries": [DENIAL] * 1000, "next": "1.e1"}
    with Server(*gives(REPORT, SEATS, page)) as server:
        assert shell.run("report", url=server.url) == 0
    assert "Denied     more than 1000 sessions in the period\n" in shell.out
    assert shell.out.endswith("\nand more than 990 before\n")


def test_csv_is_the_servers(shell: Shell) -> None:
    with Server(says(200, b"identifier\r\nann\r\n")) as server:
        assert shell.run("report", "-o", "csv", url=server.url) == 0
    assert shell.out.replace("\r\n", "\n") == "identifier\nann\n"
    assert server.asked[0].target == "/api/v1/reports/usage?format=csv"


def test_seats_say_who_since_when_and_until_when(shell: Shell) -> None:
    with Server(*gives(SEATS)) as server:
        assert shell.run("seats", "--at", "2026-08-15T12:30:00Z", url=server.url) == 0
    assert shell.out == (
        f"Server     {server.url}/\n"
        "At         2026-08-15T12:30:00Z\n"
        "Seats      7 of 10 used, 3 free (users, rolling-days:30; overage: deny)\n"
        "CI         2 running\n"
        "\n"
        "USER    BY               SINCE             FREE FROM         ON\n"
        "ann     client_username  2026-08-01 09:00  2026-09-14 10:00  eu, us\n"
    )
    assert server.asked[0].target == "/api/v1/seats?at=2026-08-15T12%3A30%3A00Z"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limit": None, "allowed": None, "overage": None, "free": None}, "7 used, not limited (users, "),
        ({"used": 12, "free": 0, "over": 2, "overage": "warn"}, "12 of 10 used, 2 too many (users, rolling-days:30; "),
        ({"unit": "machine"}, "7 of 10 used, 3 free (machines, "),
    ],
)
def test_how_seats_stand(shell: Shell, changes: dict[str, Any], said: str) -> None:
    with Server(*gives({**SEATS, **changes})) as server:
        assert shell.run("seats", url=server.url) == 0
    assert f"Seats      {said}" in shell.out


def test_a_server_that_nobody_used_yet(shell: Shell) -> None:
    empty: dict[str, Any] = {
        "generalMetrics": {**REPORT["generalMetrics"], "activeUsers": 0, "lastOperatorEvent": None, "tier": ""},
        "allTimeMetrics": {"totalSessionCount": 0, "totalSessionTimeSeconds": 0.0, "totalCiSessionCount": 0},
        "ciMetrics": {**dict.fromkeys(REPORT["ciMetrics"], 0), "avgCiSessionDurationSeconds": None},
        "userMetrics": [],
    }
    with Server(*gives(empty, {**SEATS, "seats": [], "used": 0, "free": 10}, {"entries": []})) as server:
        assert shell.run("report", url=server.url) == 0
    assert "CI         no sessions\n" in shell.out
    assert "Denied     nobody in the period\n" in shell.out
    assert shell.out.endswith("Operators  none was heard of yet\n")


REFUSED = {"type": "about:blank", "title": "Bad Request", "status": 400, "code": "X", "detail": "no such \x1b[1mday"}


WRONG: dict[str, tuple[Answer, int, str]] = {
    "401": (says(401), 6, "the server refuses the license key (401)"),
    "403": (says(403), 6, "the license key doesn't open reports (403)"),
    "404": (says(404), 6, "the server has no reports there (404)"),
    "503": (says(503, json.dumps({"detail": "the database is away"}).encode()), 6, "503: the database is away"),
    "400": (says(400, json.dumps(REFUSED).encode()), 2, "the server refuses the question: no such \\x1b[1mday"),
    "400, empty": (says(400), 6, "the server answers 400"),
    "HTML": (says(200, b"<html>"), 6, "what the server answers is no report"),
    "a list": (says(200, b"[]"), 6, "what the server answers is no report"),
    "deep": (says(200, b"[" * 100_000), 6, "what the server answers is no report"),
    "other form": (says(200, b'{"generalMetrics": 1}'), 6, "what the server answers is no report"),
    "other types": (says(200, b'{"at": 1, "unit": [], "window": null}'), 6, "what the server answers is no report"),
    "reset": (faulty.resets(b""), 6, "the server can't be reached"),
    "redirect": (faulty.sends_on("http://localhost:1/"), 6, "not to itself"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["report", "seats"])
def test_what_goes_wrong_is_said_in_a_line(shell: Shell, command: str, name: str) -> None:
    answer, code, said = WRONG[name]
    with Server(answer) as server:
        assert shell.run(command, url=server.url) == code
    assert said in shell.err
    assert "\x1b" not in shell.err
    assert shell.out == ""
    assert len(shell.err.splitlines()) == 2


def test_nobody_there(shell: Shell) -> None:
    assert shell.run("report", url=f"http://127.0.0.1:{faulty.closed_port()}") == 6
    assert "the server can't be reached: connection refused" in shell.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no server to ask"),
        (["--license-server", "ftp://x"], "--license-server: this is no URL that can be used"),
        (["--license-server", "http://127.0.0.1:1/?a=b"], "without a query"),
        (["--license-server", "http://127.0.0.1:1", "--timeout", "0"], "--timeout takes seconds"),
        (["--license-server", "http://127.0.0.1:1", "--license-key", ""], "needs a license key"),
        (["--license-server", "http://127.0.0.1:1", "--ca-file", "missing.pem"], "missing.pem"),
        (["--primary-key", "email"], "primary-key"),
    ],
)
def test_wrong_flags_end_with_2(shell: Shell, arguments: list[str], said: str) -> None:
    assert shell.run("report", *arguments) == 2
    assert said in shell.err


def test_a_key_from_a_file_over_tls(shell: Shell, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "key").write_text("key-in-a-file\n")
    given = ["--license-key", f"@{tmp_path}/key", "--ca-file", f"{tmp_path}/ca.pem"]
    with Server(*gives(SEATS), tls=context) as server:
        assert shell.run("seats", *given, url=server.url) == 0
        assert shell.err == ""
        assert shell.run("seats", *given[:2], url=server.url) == 6
        assert "certificate is refused" in shell.err
    assert server.asked[0].headers["x-license-key"] == "key-in-a-file"
