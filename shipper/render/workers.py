"""Worker processes that share what their parent has read, and survive each other.

A worker is forked, so it starts with everything its parent holds and nothing is sent to it but numbers. What it
answers is bytes. Each worker has one number at work and one waiting, so nobody waits for the parent. One that dies
(of a bug, or killed because memory ran out) is told apart from an answer, what was waiting for it goes to another, and
a new worker takes its place.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import struct
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from shipper.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Work = Callable[[int], bytes]

_HEADER = struct.Struct("!II")  # number, length of what follows
_NUMBER = struct.Struct("!I")
_WAITING = 2
_PATIENCE = 5.0
"""Seconds that workers have to clean up in after an interrupt."""
_PR_SET_PDEATHSIG = 1


class Died(NamedTuple):
    """Instead of an answer: the worker ended with this status (as `subprocess` counts: negative for a signal)."""

    status: int


class _Worker:
    """A process, the pipe to it, the pipe from it, and the numbers it was given."""

    __slots__ = ("answers", "buffer", "given", "numbers", "pid")

    def __init__(self, pid: int, numbers: int, answers: int) -> None:
        self.pid = pid
        self.numbers = numbers
        self.answers = answers
        self.given: deque[int] = deque()
        self.buffer = bytearray()


def usable_cpus() -> int:
    """How many processors this process may use: those it may run on, and what its control group allows of them."""
    count = len(os.sched_getaffinity(0))
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        return count if quota == "max" else max(1, min(count, -(-int(quota) // int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return count


def run(jobs: int, numbers: Iterable[int], work: Work) -> Iterator[tuple[int, bytes | Died]]:
    """What `work` answers to each of `numbers` in one of `jobs` processes, in the order in which they get done.

    With one job it is done here. `work` raises nothing but KeyboardInterrupt. Closing the iterator, or an exception
    such as KeyboardInterrupt in it, ends the workers: each cleans up as an interrupt makes it.
    """
    if jobs == 1:
        for number in numbers:
            yield number, work(number)
        return
    pool = _Pool(work)
    try:
        yield from pool.run(jobs, deque(numbers))
    finally:
        pool.stop()


class _Pool:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._workers: dict[int, _Worker] = {}
        self._selector = selectors.DefaultSelector()

    def run(self, jobs: int, todo: deque[int]) -> Iterator[tuple[int, bytes | Died]]:
        while todo or self._workers:
            while todo and len(self._workers) < jobs:
                try:
                    self._start()
                except OSError as error:
                    if not self._workers:
                        message = f"no worker process can be started: {os.strerror(error.errno or 0).lower()}"
                        raise LimitError(message, hint="--jobs 1 needs none") from None
                    jobs = len(self._workers)
            for worker in list(self._workers.values()):
                self._feed(worker, todo)
            for key, _ in self._selector.select():
                worker = key.data
                alive = self._read(worker)
                yield from self._answers(worker)
                if not alive:
                    lost = self._bury(worker, todo)
                    if lost is not None:
                        yield lost

    def _start(self) -> None:
        """Fork a worker. It holds no end of another one's pipes, or it would keep it from seeing the parent's end."""
        pipes = _pipes()
        for_worker, numbers, answers, from_worker = pipes
        parent = os.getpid()
        # Between the fork and the handlers of the worker an interrupt would run the parent's code in it
        usual = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            pid = os.fork()
            if pid == 0:
                inherited = [end for other in self._workers.values() for end in (other.numbers, other.answers)]
                for end in (*inherited, numbers, answers):
                    if end >= 0:
                        os.close(end)
                _serve(for_worker, from_worker, self._work, parent, usual)
            os.close(for_worker)
            os.close(from_worker)
            worker = self._workers[pid] = _Worker(pid, numbers, answers)
            self._selector.register(answers, selectors.EVENT_READ, worker)
        except OSError:
            for end in pipes:
                os.close(end)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, usual)

    def _feed(self, worker: _Worker, todo: deque[int]) -> None:
        # Near the end the last ones are shared evenly: a worker takes a second one only if there is one for each
        while todo and worker.numbers >= 0 and len(worker.given) < (_WAITING if len(todo) >= len(self._workers) else 1):
            number = todo.popleft()
            worker.given.append(number)
            with contextlib.suppress(BrokenPipeError):  # it is dead, which its other pipe will tell
                os.write(worker.numbers, _NUMBER.pack(number))
        if not todo and not worker.given:
            self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        """Tell a worker that nothing will follow; it ends, and that is read from its other pipe."""
        if worker.numbers >= 0:
            os.close(worker.numbers)
            worker.numbers = -1

    def _read(self, worker: _Worker) -> bool:
        """Take what a worker has written; whether more can follow."""
        chunk = os.read(worker.answers, 1 << 16)
        worker.buffer += chunk
        return bool(chunk)

    def _answers(self, worker: _Worker) -> Iterator[tuple[int, bytes]]:
        buffer = worker.buffer
        while len(buffer) >= _HEADER.size:
            number, length = _HEADER.unpack_from(buffer)
            end = _HEADER.size + length
            if len(buffer) < end:
                return
            answer = bytes(buffer[_HEADER.size : end])
            del buffer[:end]
            worker.given.remove(number)
            yield number, answer

    def _bury(self, worker: _Worker, todo: deque[int]) -> tuple[int, Died] | None:
        """Forget a worker that ended: what it was at is lost, what waited for it is done by another."""
        self._selector.unregister(worker.answers)
        os.close(worker.answers)
        self._dismiss(worker)
        del self._workers[worker.pid]
        _, status = os.waitpid(worker.pid, 0)
        if not worker.given:
            return None
        lost = worker.given.popleft()
        todo.extendleft(reversed(worker.given))
        return lost, Died(os.waitstatus_to_exitcode(status))

    def stop(self) -> None:
        """End all workers that are left; none is left when this returns."""
        for worker in self._workers.values():
            self._dismiss(worker)
            os.kill(worker.pid, signal.SIGINT)
        for worker in self._workers.values():
            _await(worker.pid)
            os.close(worker.answers)
        self._workers.clear()
        self._selector.close()


def _pipes() -> tuple[int, int, int, int]:
    first = os.pipe()
    try:
        return (*first, *os.pipe())
    except OSError:
        for end in first:
            os.close(end)
        raise


def _await(pid: int) -> None:
    """Wait for a process, not for long."""
    import time

    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _serve(numbers: int, answers: int, work: Work, parent: int, mask: set[int | signal.Signals]) -> NoReturn:
    """A worker's life: an answer to each number, until none comes or an interrupt does."""
    status = 1
    try:
        signal.signal(signal.SIGINT, _interrupt)
        signal.signal(signal.SIGTERM, _interrupt)
        # A parent that is killed takes its workers along, who clean up
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        while os.getppid() == parent and (data := os.read(numbers, _NUMBER.size)):
            (number,) = _NUMBER.unpack(data)
            answer = work(number)
            _write_all(answers, _HEADER.pack(number, len(answer)) + answer)
        status = 0
    except (KeyboardInterrupt, BrokenPipeError):
        status = 0
    finally:
        os._exit(status)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    """Raise the interrupt once: what cleans up after it isn't interrupted again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
