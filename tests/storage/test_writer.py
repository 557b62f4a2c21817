"""The writing thread, with a session that fails as it is told."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import wait
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from shipper.storage import writer
from shipper.storage.database import BusyError, FullError, LostError, StorageError
from shipper.storage.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from shipper.storage.database import Row, Transaction, Value


class Told:
    """A session, and its own transaction: writes down what is called, and fails with what `failures` say."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failures: dict[str, deque[StorageError | None]] = {}

    def _note(self, call: str) -> None:
        self.calls.append(call)
        ahead = self.failures.get(call)
        if ahead and (failure := ahead.popleft()) is not None:
            raise failure

    def begin(self) -> Transaction:
        self._note("begin")
        return self

    def savepoint(self) -> None:
        self._note("savepoint")

    def release(self) -> None:
        self._note("release")

    def undo(self) -> None:
        self._note("undo")

    def commit(self) -> None:
        self._note("commit")

    def abandon(self) -> None:
        self._note("abandon")

    def interrupt(self) -> None:
        self._note("interrupt")

    def close(self) -> None:
        self._note("close")

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        self._note(sql)
        return [tuple(parameters)]

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        for row in rows:
            self.execute(sql, row)

    def stream(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        yield from self.execute(sql, parameters)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_FIRST_PAUSE", 0)


def together(session: Told, *works: Any, **options: Any) -> list[Future[Any]]:
    """Have `works`, some with an item, done in one group, while a first piece holds the thread up."""
    held, go_on = threading.Event(), threading.Event()
    with closing(Writer(session, **options)) as subject:

        def hold(_: Transaction) -> None:
            held.set()
            assert go_on.wait(30)

        first = subject.submit(hold)
        assert held.wait(30)
        session.calls.clear()
        futures = [subject.submit_item(*work) if isinstance(work, tuple) else subject.submit(work) for work in works]
        go_on.set()
        first.result()
        wait(futures, timeout=30)
    return futures


def run(tx: Transaction) -> str:
    return str(tx.execute("work", ["done"])[0][0])


def fail(_: Transaction) -> None:
    raise ZeroDivisionError


def test_a_group_is_one_transaction() -> None:
    session = Told()
    assert [future.result() for future in together(session, run, run)] == ["done", "done"]
    one = ["savepoint", "work", "release"]
    assert session.calls == ["commit", "begin", *one, *one, "commit", "close"]


def test_one_piece_needs_no_savepoint() -> None:
    session = Told()
    (future,) = together(session, run)
    assert future.result() == "done"
    assert session.calls == ["commit", "begin", "work", "commit", "close"]


def doubled(tx: Transaction, numbers: list[int]) -> list[int]:
    for number in numbers:
        if number == 0:
            raise ZeroDivisionError
        tx.execute("work")
    return [2 * number for number in numbers]


def test_items_of_the_same_work_are_one_piece() -> None:
    session = Told()
    futures = together(session, (doubled, 1), run, (doubled, 2), (doubled, 3))
    assert [future.result() for future in futures] == [2, "done", 4, 6]
    together_first = ["savepoint", "work", "work", "work", "release"]
    assert session.calls == ["commit", "begin", *together_first, "savepoint", "work", "release", "commit", "close"]


def test_of_items_only_those_fail_that_fail_alone() -> None:
    session = Told()
    futures = together(session, (doubled, 1), (doubled, 0), (doubled, 3))
    assert isinstance(futures[1].exception(), ZeroDivisionError)
    assert [futures[0].result(), futures[2].result()] == [2, 6]
    one = ["savepoint", "work", "release"]
    assert session.calls == [
        *("commit", "begin", "savepoint", "work", "undo"),
        *(*one, "savepoint", "undo", *one, "commit", "close"),
    ]


def test_items_are_tried_again_after_a_loss() -> None:
    session = Told()
    session.failures = {"work": deque([None, LostError("gone")])}
    futures = together(session, (doubled, 1), (doubled, 2))
    assert [future.result() for future in futures] == [2, 4]
    assert session.calls.count("begin") == 2


def test_work_that_forgets_an_item_fails() -> None:
    def forgetful(_: Transaction, items: list[int]) -> list[int]:
        return items[1:]

    futures = together(Told(), (forgetful, 1), run)
    assert isinstance(futures[0].exception(), ValueError)
    assert futures[1].result() == "done"


def test_only_what_fails_fails() -> None:
    session = Told()
    good, bad = together(session, run, fail)
    assert good.result() == "done"
    assert isinstance(bad.exception(), ZeroDivisionError)
    assert session.calls == ["commit", "begin", "savepoint", "work", "release", "savepoint", "undo", "commit", "close"]


def test_nothing_is_committed_where_all_fails() -> None:
    session = Told()
    (bad,) = together(session, fail)
    assert isinstance(bad.exception(), ZeroDivisionError)
    assert session.calls == ["commit", "begin", "abandon", "close"]


@pytest.mark.parametrize("where", ["begin", "work", "commit"])
def test_what_was_lost_is_tried_again(where: str) -> None:
    session = Told()
    session.failures = {where: deque([None, LostError("gone")] if where != "work" else [LostError("gone")])}
    (future,) = together(session, run)
    assert future.result() == "done"


@pytest.mark.parametrize(
    ("error", "tries"), [(LostError("gone"), writer.MAX_TRIES), (BusyError("unknown"), 1), (FullError("full"), 1)]
)
def test_what_is_lost_for_good_is_said(error: StorageError, tries: int) -> None:
    session = Told()
    session.failures = {"commit": deque([None, *[error] * 10])}
    futures = together(session, run, run)
    assert [future.exception() for future in futures] == [error, error]
    assert session.calls.count("begin") == tries


def test_a_stop_does_not_wait_for_further_tries() -> None:
    session = Told()
    writing = Writer(session)
    session.failures = {"commit": deque([LostError("gone")] * 10)}

    def stop(_: Transaction) -> None:
        closing_thread.start()
        while not writing._closed:
            closing_thread.join(0.001)

    closing_thread = threading.Thread(target=writing.close)
    with pytest.raises(LostError):
        writing.submit(stop).result(timeout=30)
    closing_thread.join()
    assert session.calls.count("commit") == 1


def test_a_savepoint_that_is_gone_takes_the_group_with_it() -> None:
    session = Told()
    session.failures = {"undo": deque([FullError("full")])}
    futures = together(session, run, fail)
    assert [type(future.exception()) for future in futures] == [FullError, FullError]


def test_too_much_is_refused_at_once() -> None:
    *taken, refused = together(Told(), run, run, run, max_waiting=2)
    assert [future.result() for future in taken] == ["done", "done"]
    assert isinstance(refused.exception(), BusyError)


def test_who_waits_behind_a_locked_database_does_not_wait_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_GROUP", 1)
    session = Told()
    session.failures = {"begin": deque([None, BusyError("locked"), None])}
    futures = together(session, run, run, run)
    assert [type(future.exception()) for future in futures] == [BusyError] * 3


def test_who_waits_behind_a_commit_that_failed_has_another_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_GROUP", 1)
    session = Told()
    session.failures = {"commit": deque([None, BusyError("unknown"), None])}
    first, second = together(session, run, run)
    assert isinstance(first.exception(), BusyError)
    assert second.result() == "done"


def test_a_database_that_is_away_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    session = Told()
    session.failures = {"commit": deque([BusyError("away")] * 10)}
    with closing(Writer(session)) as subject:
        for _ in range(5):
            assert subject.submit(run).exception()
    assert [record.message for record in caplog.records] == ["a write failed: away"]


def test_what_was_given_up_is_not_done() -> None:
    session = Told()
    held, go_on = threading.Event(), threading.Event()
    with closing(Writer(session)) as subject:

        def hold(_: Transaction) -> None:
            held.set()
            assert go_on.wait(30)

        subject.submit(hold)
        assert held.wait(30)
        given_up, kept = subject.submit(run), subject.submit(run)
        assert given_up.cancel()
        go_on.set()
        assert kept.result() == "done"
    assert session.calls.count("work") == 1
