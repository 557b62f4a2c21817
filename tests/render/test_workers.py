from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from shipper.errors import LimitError
from shipper.render import workers
from shipper.render.workers import Died, run

if TYPE_CHECKING:
    from collections.abc import Sequence

# The parent has threads of pytest's here, which no worker touches
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def square(numbers: Sequence[int]) -> list[tuple[int, bytes]]:
    return [(number, str(number * number).encode()) for number in numbers]


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 3, 500])
def test_each_number_is_answered_once(jobs: int, count: int) -> None:
    answers = dict(run(jobs, range(count), square))
    assert answers == {number: str(number * number).encode() for number in range(count)}


def test_workers_are_processes_and_one_job_is_none() -> None:
    def who(numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        time.sleep(0.001)
        return [(number, str(os.getpid()).encode()) for number in numbers]

    pids = {int(answer) for _, answer in run(3, range(200), who) if isinstance(answer, bytes)}
    assert len(pids) == 3
    assert os.getpid() not in pids
    assert {answer for _, answer in run(1, range(5), who)} == {str(os.getpid()).encode()}


def test_answers_of_any_size_arrive_whole() -> None:
    def big(numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        return [(number, bytes([number % 256]) * (number * 10_000)) for number in numbers]

    for number, answer in run(2, range(40), big):
        assert answer == bytes([number % 256]) * (number * 10_000)


def test_a_worker_that_dies_costs_only_what_it_died_of() -> None:
    def deadly(numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        if 57 in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        if 123 in numbers:
            os._exit(3)
        return square(numbers)

    answers = list(run(2, range(300), deadly))
    assert Counter(number for number, _ in answers) == Counter(range(300))
    lost = {number: answer for number, answer in answers if isinstance(answer, Died)}
    assert lost == {57: Died(-9), 123: Died(3)}


def test_when_all_die_all_are_told() -> None:
    def dies(_numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        os._exit(1)

    assert dict(run(2, range(9), dies)) == dict.fromkeys(range(9), Died(1))


def test_leaving_early_ends_the_workers() -> None:
    read, write = os.pipe()

    def slow(numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        if numbers != [0]:
            time.sleep(60)
        return square(numbers)

    try:
        started = time.monotonic()
        with closing(run(2, range(3), slow)) as answers:
            assert next(answers) == (0, b"0")
        assert time.monotonic() - started < 30
    finally:
        os.close(write)
        # The workers held the other end, too: it is closed when they are gone
        assert os.read(read, 1) == b""
        os.close(read)


def test_an_interrupted_worker_cleans_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("traces")

    def tidy(numbers: Sequence[int]) -> list[tuple[int, bytes]]:
        if numbers == [0]:
            return square(numbers)
        path = folder / str(numbers[0])
        path.touch()
        try:
            time.sleep(60)
        finally:
            path.unlink()
        return []

    with closing(run(2, range(3), tidy)) as answers:
        next(answers)
        while not any(folder.iterdir()):
            time.sleep(0.001)
    assert list(folder.iterdir()) == []


def test_no_process_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "")

    monkeypatch.setattr(os, "fork", refused)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(LimitError, match="no worker process can be started"):
        list(run(2, range(3), square))
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_pipe_stays_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    list(run(3, range(100), square))
    assert len(os.listdir("/proc/self/fd")) == before


def test_usable_processors_are_some() -> None:
    assert 1 <= workers.usable_cpus() <= (os.cpu_count() or 1)
