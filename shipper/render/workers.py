"""Worker processes that share what their parent has read, and survive each other.

A worker is forked, so it starts with everything its parent holds and nothing is sent to it but numbers, in groups. What
it answers is bytes. Each worker has one group at work and one waiting, so nobody waits for the parent. When one dies (of
a bug, or killed because memory ran out), a new one takes its place; what it was at is tried again, each number alone,
and one whose worker dies again gets that for an answer.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import selectors
import signal
import struct
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from shipper.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    Work = Callable[[Sequence[int]], Iterable[tuple[int, bytes]]]

_HEADER = struct.Struct("!II")  # number, length of what follows
_COUNT = struct.Struct("!I")
MOST_TOGETHER = 16
"""Numbers in a group."""
_WAITING = 2
_PATIENCE = 5.0
"""Seconds that workers have to clean up in after an interrupt."""
_PR_SET_PDEATHSIG = 1


class Died(NamedTuple):
    """Instead of an answer: the worker ended with this status (as `subprocess` counts: negative for a signal)."""

    status: int


class _Worker:
    """A process, the pipe to it, the pipe from it, and the groups of numbers it was given and hasn't answered."""

    __slots__ = ("answers", "buffer", "given", "numbers", "pid")

    def __init__(self, pid: int, numbers: int, answers: int) -> None:
        self.pid = pid
        self.numbers = numbers
        self.answers = answers
        self.given: deque[_Group] = deque()
        self.buffer = bytearray()


class _Group:
    """Numbers that are worked at together: those without an answer, and whether there was but one."""

    __slots__ = ("alone", "left")

    def __init__(self, numbers: list[int]) -> None:
        self.left = numbers
        self.alone = len(numbers) == 1


class _Todo:
    """What nobody works at yet. Those `alone` were in a group whose worker died: each gets a worker for itself."""

    def __init__(self, numbers: Iterable[int], jobs: int) -> None:
        self.numbers = deque(numbers)
        self.alone: deque[int] = deque()
        self._jobs = jobs

    def __len__(self) -> int:
        return len(self.numbers) + len(self.alone)

    def next_group(self) -> list[int]:
        """The next numbers, fewer towards the end so that all workers end together."""
        if self.alone:
            return [self.alone.popleft()]
        share = len(self.numbers) // (self._jobs * 2 * _WAITING) if self._jobs > 1 else MOST_TOGETHER
        size = max(1, min(MOST_TOGETHER, share))
        return [self.numbers.popleft() for _ in range(min(size, len(self.numbers)))]

    def take_back(self, groups: Iterable[_Group]) -> tuple[int, ...]:
        """What a dead worker left; gives the number it died of, if that is known."""
        first, *waiting = [*groups, _Group([])]
        for group in reversed(waiting):
            self.numbers.extendleft(reversed(group.left))
        if first.alone:
            return tuple(first.left)
        self.alone.extend(first.left)
        return ()


def usable_cpus() -> int:
    """How many processors this process may use: those it may run on, and what its control group allows of them."""
    count = len(os.sched_getaffinity(0))
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        return count if quota == "max" else max(1, min(count, -(-int(quota) // int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return count


def run(jobs: int, numbers: Iterable[int], work: Work) -> Generator[tuple[int, bytes | Died]]:
    """What `work` answers to each of `numbers` in one of `jobs` processes, in the order in which they get done.

    `work` gets several numbers at once and answers each; it raises nothing but KeyboardInterrupt. With one job it is
    done here. Closing the iterator, or an exception such as KeyboardInterrupt in it, ends the workers: each cleans up
    as an interrupt makes it. Raises LimitError if no worker can be started.
    """
    todo = _Todo(numbers, jobs)
    if jobs == 1:
        while todo:
            yield from work(todo.next_group())
        return
    pool = _Pool(work)
    try:
        yield from pool.run(jobs, todo)
    finally:
        pool.stop()


class _Pool:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._workers: dict[int, _Worker] = {}
        self._selector = selectors.DefaultSelector()

    def run(self, jobs: int, todo: _Todo) -> Iterator[tuple[int, bytes | Died]]:
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
                    yield from self._bury(worker, todo)

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

    def _feed(self, worker: _Worker, todo: _Todo) -> None:
        while todo and worker.numbers >= 0 and len(worker.given) < _WAITING:
            if worker.given and (todo.alone or worker.given[0].alone):
                break  # what is tried alone has nothing behind it, and what is last goes to who is idle
            group = todo.next_group()
            worker.given.append(_Group(group))
            with contextlib.suppress(BrokenPipeError):  # it is dead, which its other pipe will tell
                os.write(worker.numbers, _COUNT.pack(len(group)) + b"".join(map(_COUNT.pack, group)))
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
            group = worker.given[0]
            group.left.remove(number)
            if not group.left:
                worker.given.popleft()
            yield number, answer

    def _bury(self, worker: _Worker, todo: _Todo) -> Iterator[tuple[int, Died]]:
        """Forget a worker that ended; what it was at alone is lost."""
        self._selector.unregister(worker.answers)
        os.close(worker.answers)
        self._dismiss(worker)
        del self._workers[worker.pid]
        _, status = os.waitpid(worker.pid, 0)
        for lost in todo.take_back(worker.given):
            yield lost, Died(os.waitstatus_to_exitcode(status))

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
        # What the parent made stays shared with it, and is no garbage to look through; so looking often costs little
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        while os.getppid() == parent and (group := _read_group(numbers)):
            for number, answer in work(group):
                _write_all(answers, _HEADER.pack(number, len(answer)) + answer)
        status = 0
    except (KeyboardInterrupt, BrokenPipeError):
        status = 0
    finally:
        os._exit(status)


def _read_group(descriptor: int) -> list[int]:
    """The next numbers to work at; none if no more come. A group is written in one piece (PIPE_BUF)."""
    head = os.read(descriptor, _COUNT.size)
    if not head:
        return []
    (count,) = _COUNT.unpack(head)
    return [number for (number,) in _COUNT.iter_unpack(os.read(descriptor, _COUNT.size * count))]


def _interrupt(_number: int, _frame: object) -> NoReturn:
    """Raise the interrupt once: what cleans up after it isn't interrupted again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
