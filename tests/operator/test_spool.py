"""What waits for the license server: in order, each once, and there until it is acknowledged."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import wait
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.operator.spool import Spool
from shipper.storage.database import FullError, StorageError
from shipper.usage.events import Event
from tests.operator.sample import START, event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.usage.events import Kind

MANY = 1000
ROOM = 1024 * 1024


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "spool.db")


@pytest.fixture
def spool(path: str) -> Iterator[Spool]:
    with Spool.open(path) as found:
        yield found


def ids(spool: Spool, count: int = MANY, room: int = ROOM) -> list[str]:
    return [each.id for each in spool.take(count, room)]


class TestOrder:
    def test_what_came_first_is_first(self, spool: Spool) -> None:
        wait([spool.put(event(number)) for number in range(300)])
        assert ids(spool) == [f"e{number}" for number in range(300)]

    def test_after_a_restart_as_well(self, path: str) -> None:
        for number in range(3):
            with Spool.open(path) as spool:
                spool.add(event(number))
        with Spool.open(path) as spool:
            assert ids(spool) == ["e0", "e1", "e2"]

    def test_taking_removes_nothing(self, spool: Spool) -> None:
        spool.add(event(1))
        assert ids(spool) == ids(spool) == ["e1"]

    def test_removing_only_what_is_named(self, spool: Spool) -> None:
        wait([spool.put(event(number)) for number in range(5)])
        taken = spool.take(MANY, ROOM)
        spool.add(event(9))
        spool.remove(taken[:2] + taken[3:])
        assert ids(spool) == ["e2", "e9"]

    def test_a_position_is_never_used_twice(self, spool: Spool) -> None:
        spool.add(event(1))
        (first,) = spool.take(MANY, ROOM)
        spool.remove([first])
        spool.add(event(2))
        spool.remove([first])
        assert ids(spool) == ["e2"]

    def test_the_same_id_is_the_same_event(self, spool: Spool) -> None:
        spool.add(event(1))
        spool.add(event(1, message="again"))
        (taken,) = spool.take(MANY, ROOM)
        assert b"again" not in taken.body

    def test_as_much_as_fits(self, spool: Spool) -> None:
        wait([spool.put(event(number, message="x" * 1000)) for number in range(5)])
        assert ids(spool, count=2) == ["e0", "e1"]
        assert ids(spool, room=3500) == ["e0", "e1", "e2"]
        assert ids(spool, room=1) == ["e0"], "one that is too large must not stop the rest"

    def test_the_body_is_the_event(self, spool: Spool) -> None:
        given = event("é".encode().hex(), message="naïve 😀")
        spool.add(given)
        (taken,) = spool.take(MANY, ROOM)
        assert json.loads(taken.body)["message"] == "naïve 😀"
        assert spool.depth().bytes == len(taken.body)

    def test_who_waits_is_told(self, spool: Spool) -> None:
        assert not spool.added.is_set()
        spool.add(event(1))
        assert spool.added.wait(10)


class TestHeartbeats:
    def test_the_last_one_stands_for_those_before(self, spool: Spool) -> None:
        spool.add(event(1, session="s"))
        for number in (2, 3, 4):
            spool.add(event(number, "session_heartbeat", session="s", at=START + number))
        spool.add(event(5, "session_heartbeat", session="other"))
        spool.add(event(6, "session_ended", session="s"))
        assert ids(spool) == ["e1", "e4", "e5", "e6"]

    def test_an_earlier_one_replaces_no_later_one(self, spool: Spool) -> None:
        spool.add(event(1, "session_heartbeat", session="s", at=START + 9))
        spool.add(event(2, "session_heartbeat", session="s", at=START))
        assert ids(spool) == ["e1", "e2"]

    def test_a_day_of_a_thousand_sessions_stays_small(self, spool: Spool) -> None:
        for minute in range(5):
            wait(
                [
                    spool.put(event(f"{minute}-{each}", "session_heartbeat", session=f"s{each}", at=START + minute))
                    for each in range(200)
                ]
            )
        assert spool.depth().events == 200


class TestNoRoom:
    def full(self, path: str, *kinds: Kind) -> Spool:
        spool = Spool.open(path, max_events=len(kinds))
        for number, kind in enumerate(kinds):
            spool.add(event(number, kind))
        return spool

    def test_nothing_is_lost_in_silence(self, path: str) -> None:
        with self.full(path, "session_started", "session_denied") as spool:
            with pytest.raises(FullError, match="2 events wait"):
                spool.add(event("x"))
            assert ids(spool) == ["e0", "e1"]
            spool.remove(spool.take(1, ROOM))
            spool.add(event("x"))
            assert ids(spool) == ["e1", "ex"]

    def test_signs_of_life_and_errors_go_first(self, path: str) -> None:
        with self.full(path, "session_started", "operator_alive", "error") as spool:
            spool.add(event("x", "session_denied"))
            assert ids(spool) == ["e0", "ex"]
            assert spool.depth().dropped == 2

    def test_and_are_not_taken(self, path: str) -> None:
        with self.full(path, "session_started") as spool:
            spool.add(event("x", "operator_alive"))
            spool.add(event("y", "error"))
            assert ids(spool) == ["e0"]
            assert spool.depth().dropped == 2

    def test_ends_have_a_tenth_more(self, path: str) -> None:
        starts: list[Kind] = ["session_started"] * 10
        with self.full(path, *starts) as spool:
            spool.add(event("x", "session_ended"))
            with pytest.raises(FullError):
                spool.add(event("y", "session_ended"))
            assert spool.depth().events == 11

    def test_a_heartbeat_takes_the_place_of_the_last_one(self, path: str) -> None:
        with self.full(path, "session_started") as spool, pytest.raises(FullError):
            spool.add(event(1, "session_heartbeat", session="session-0"))
        with Spool.open(path, max_events=2) as spool:
            spool.add(event(1, "session_heartbeat", session="session-0"))
            spool.add(event(2, "session_heartbeat", session="session-0"))
            assert ids(spool) == ["e0", "e2"]

    def test_bytes_count_too(self, path: str) -> None:
        with Spool.open(path, max_bytes=3000) as spool:
            spool.add(event(1, message="x" * 1500))
            with pytest.raises(FullError):
                spool.add(event(2, message="x" * 1500))
            spool.add(event(3))


class TestSetAside:
    def test_it_is_kept_and_not_sent(self, spool: Spool, path: str) -> None:
        wait([spool.put(event(number)) for number in range(3)])
        taken = spool.take(MANY, ROOM)
        spool.set_aside([(taken[1], "it is odd")])
        assert ids(spool) == ["e0", "e2"]
        assert spool.depth().set_aside == 1
        rows = list(apsw.Connection(path).execute("SELECT id, reason FROM set_aside"))
        assert rows == [("e1", "it is odd")]

    def test_an_event_that_would_be_is_refused_at_once(self, spool: Spool) -> None:
        malformed = Event(id="no spaces", kind="error", operator="op-1", cluster="c", time=event(1).time)
        with pytest.raises(ValueError, match="malformed"):
            spool.put(malformed)


class TestDepth:
    def test_of_nothing(self, spool: Spool) -> None:
        assert spool.depth() == (0, 0, None, 0, 0)

    def test_the_oldest_tells_how_long_it_waits(self, path: str) -> None:
        with Spool.open(path) as spool:
            spool.add(event(1))
            first = spool.depth().oldest
            spool.add(event(2))
            assert spool.depth().oldest == first
            spool.remove(spool.take(1, ROOM))
            later = spool.depth().oldest
            assert first is not None
            assert later is not None
            assert first <= later


class TestDamage:
    @pytest.mark.parametrize("data", [b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000], ids=["text", "half"])
    def test_a_damaged_one_is_moved_aside(self, data: bytes, path: str) -> None:
        with open(path, "wb") as file:
            file.write(data)
        with Spool.open(path) as spool:
            spool.add(event(1))
            assert ids(spool) == ["e1"]
            with open(spool.damaged, "rb") as file:
                assert file.read() == data

    def test_damage_in_its_middle(self, path: str) -> None:
        with Spool.open(path) as spool:
            wait([spool.put(event(number, message="x" * 500)) for number in range(200)])
        with open(path, "r+b") as file:
            file.seek(40_960)
            file.write(b"\xff" * 20_000)
        with Spool.open(path) as spool:
            assert spool.damaged
            assert ids(spool) == []

    def test_another_programs_database(self, path: str) -> None:
        apsw.Connection(path).execute("CREATE TABLE theirs (x)")
        with Spool.open(path) as spool:
            assert spool.damaged
        assert list(apsw.Connection(spool.damaged).execute("SELECT name FROM sqlite_schema")) == [("theirs",)]

    def test_a_newer_version_is_left_alone(self, path: str) -> None:
        Spool.open(path).close()
        apsw.Connection(path).execute("PRAGMA user_version = 99")
        with pytest.raises(StorageError, match="newer version"):
            Spool.open(path)
        assert os.listdir(os.path.dirname(path)) == ["spool.db"]

    def test_totals_that_are_wrong_are_set_right(self, path: str) -> None:
        with Spool.open(path) as spool:
            spool.add(event(1))
            whole = spool.depth()
        apsw.Connection(path).execute("UPDATE totals SET events = 7, bytes = -3")
        with Spool.open(path) as spool:
            assert spool.depth() == whole

    def test_nobody_else_can_read_it(self, spool: Spool, path: str) -> None:
        spool.add(event(1))
        assert {stat.S_IMODE(os.stat(path + suffix).st_mode) for suffix in ("", "-wal")} == {0o600}

    def test_a_file_that_is_taken_away(self, spool: Spool, path: str) -> None:
        os.unlink(path)
        with pytest.raises(StorageError, match="can't be looked at: no such file"):
            spool.add(event(1))

    def test_where_nothing_can_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StorageError, match="can't open"):
            Spool.open(str(tmp_path / "file" / "spool.db"))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 12), st.sampled_from(["session_started", "session_heartbeat"])),
        st.tuples(st.just("send"), st.integers(1, 4), st.booleans()),
        st.tuples(st.just("restart"), st.just(0), st.just(True)),
    ),
    max_size=30,
)


@settings(max_examples=40)
@given(steps=STEPS)
def test_the_server_gets_all_in_order_whatever_happens(steps: list[tuple[str, int, object]]) -> None:
    """A model: a list of what waits, where a heartbeat takes out the earlier ones of its session."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spool.db")
        spool = Spool.open(path)
        waiting: list[tuple[str, str]] = []
        for count, (what, number, more) in enumerate(steps):
            if what == "add" and more == "session_heartbeat":
                session = f"s{number % 3}"
                spool.add(event(f"{count}h", "session_heartbeat", session=session, at=START + count))
                waiting = [each for each in waiting if each[1] != session] + [(f"e{count}h", session)]
            elif what == "add":
                spool.add(event(number))
                if (f"e{number}", "") not in waiting:
                    waiting.append((f"e{number}", ""))
            elif what == "send":
                taken = spool.take(number, ROOM)
                assert [each.id for each in taken] == [each for each, _ in waiting[:number]]
                if more:  # else the answer was lost
                    spool.remove(taken)
                    waiting = waiting[number:]
            else:
                spool.close()
                spool = Spool.open(path)
        assert ids(spool) == [each for each, _ in waiting]
        assert spool.depth().events == len(waiting)
        spool.close()
