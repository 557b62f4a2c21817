"""`make demo-server`: it runs, says what is true, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.day import DAY, HEARTBEAT_SECONDS, events_of, yesterday
from shipper.usage.seats import count_seats
from shipper.usage.sessions import fold
from shipper.usage.times import micros
from tests.pages import blocks

SECONDS = 180
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def shown_in_the_readme() -> list[str]:
    """The lines of the seat table on the page as patterns: the days differ."""
    (shown,) = [block.text for block in blocks("README.md") if block.text.startswith("$ shipper usage seats\n")]
    return [r"\S+ \S+".join(map(re.escape, TIME.split(line))) for line in shown.splitlines()[1:]]


@pytest.mark.slow
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_stopped(asked: signal.Signals, repository: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "demo.server"],
        cwd=repository,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith("This morning"):
                break
        assert running_in(tmp_path)
        demo.send_signal(asked)
        _, err = demo.communicate(timeout=SECONDS)
    assert (demo.returncode, err) == (128 + asked, "")
    assert list(tmp_path.iterdir()) == []
    assert running_in(tmp_path) == []


def running_in(folder: Path) -> list[str]:
    """The processes that were given a path in `folder`."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"{folder}/".encode() in environment.read_bytes():
                found.append(environment.parent.name)
    return found


@pytest.mark.slow
def test_the_demo_says_who_was_there(repository: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.server"],
        cwd=repository,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    out = done.stdout
    assert "403 SEAT_LIMIT_REACHED" in out
    seats, report, *operators = out.split("\n$ shipper ")[1:]
    assert re.search(r"^Seats +3 of 3 used", seats, re.MULTILINE)
    assert re.search(r"^alice +username .* east, west$", seats, re.MULTILINE)
    assert re.search(r"^carol +username .* west$", seats, re.MULTILINE)
    for line in shown_in_the_readme():
        assert re.search(rf"^{line}$", seats, re.MULTILINE), line
    assert re.search(r"^Denied +1 session", report, re.MULTILINE)
    assert re.search(r"^bob .* 8h ", report, re.MULTILINE)
    assert [re.search(r'cluster "(\w+)"', one)[1] for one in operators] == ["east", "west"]  # type: ignore[index]  # it is there
    assert all("Spool     0 events to be sent\nProblems  none\n" in one for one in operators)
    assert list(tmp_path.iterdir()) == [], "nothing is left"
    urls = set(re.findall(r"http://127\.0\.0\.1:[0-9]+", out))
    assert urls
    assert "0.0.0.0" not in out


def test_the_day_is_of_three_users_on_two_clusters() -> None:
    midnight = yesterday(datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert midnight == datetime(2026, 3, 1, tzinfo=UTC)
    events = [
        event for number, work in enumerate(DAY) for event in events_of(work, f"session-{number}", "op-1", midnight)
    ]
    assert {event.user.username for event in events if not event.ci} == {"alice", "bob", "carol"}
    assert {event.cluster for event in events} == {"east", "west"}
    assert all(midnight <= event.time for event in events)
    sessions = fold(events)
    assert len(sessions) == len(DAY)
    noon = micros(midnight.replace(hour=11))
    assert [seat.identity for seat in count_seats(events, None, noon).seats] == ["alice", "bob", "carol"]
    closed = next(session for session in sessions.values() if session.ended is None)
    assert closed.over == micros(midnight.replace(hour=11, minute=40)) + 3 * HEARTBEAT_SECONDS * 1_000_000
