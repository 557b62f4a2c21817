"""Work that has to wait for the disk, done for many at once: they all wait for the same sync.

A step of such work is a generator that yields what must be on disk before it may go on. One syncfs(2) costs a
millisecond or ten however much it writes, so a thousand small trees are written in groups.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from shipper.render.publish.linux import sync_file_system

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class ToDisk(NamedTuple):
    """What must be on disk: the names in a folder, or, with `whole`, everything on its file system."""

    folder: str
    whole: bool = False


Steps = Generator[ToDisk, None, T]


def together(all_steps: Sequence[Steps[T]], sync: Callable[[int], None] = sync_file_system) -> list[T | Exception]:
    """What each of `all_steps` returns, or the Exception that it raises; other exceptions close all and pass.

    `sync` writes the file system of an open file to disk.
    """
    results: dict[int, T | Exception] = {}
    waiting: dict[int, ToDisk] = {}
    try:
        for number, steps in enumerate(all_steps):
            _advance(number, steps, None, waiting, results)
        while waiting:
            failed = _write(set(waiting.values()), sync)
            for number, wanted in list(waiting.items()):
                del waiting[number]
                _advance(number, all_steps[number], failed.get(wanted), waiting, results)
    finally:
        for steps in all_steps:
            steps.close()
    return [results[number] for number in range(len(all_steps))]


def _advance(
    number: int,
    steps: Steps[T],
    failure: OSError | None,
    waiting: dict[int, ToDisk],
    results: dict[int, T | Exception],
) -> None:
    try:
        waiting[number] = next(steps) if failure is None else steps.throw(failure)
    except StopIteration as end:
        results[number] = end.value
    except Exception as error:  # noqa: BLE001 - the others go on
        results[number] = error


def _write(wanted: set[ToDisk], sync: Callable[[int], None]) -> dict[ToDisk, OSError]:
    """Write all of it to disk, each file system and each folder once. What failed, and how."""
    done: dict[tuple[int, int], OSError | None] = {}
    failed: dict[ToDisk, OSError] = {}
    for each in wanted:
        try:
            fd = os.open(each.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            failed[each] = error
            continue
        try:
            status = os.fstat(fd)
            key = (status.st_dev, -1 if each.whole else status.st_ino)
            if key not in done:
                done[key] = _failure(sync if each.whole else os.fsync, fd)
        finally:
            os.close(fd)
        failure = done[key]
        if failure is not None:
            failed[each] = failure
    return failed


def _failure(sync: Callable[[int], None], fd: int) -> OSError | None:
    try:
        sync(fd)
    except OSError as error:
        return error
    return None
