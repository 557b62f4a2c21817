from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from shipper.render.publish.together import Steps, ToDisk, together

if TYPE_CHECKING:
    from pathlib import Path


def work(folder: Path, log: list[str], name: str) -> Steps[str]:
    try:
        yield ToDisk(str(folder), whole=True)
        log.append(f"{name} staged")
        yield ToDisk(str(folder))
        log.append(f"{name} moved")
        return name
    except OSError as error:
        return f"{name}: {os.strerror(error.errno or 0)}"
    finally:
        log.append(f"{name} ended")


def test_all_wait_for_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _fd: log.append("fsync"))
    results = together([work(tmp_path, log, name) for name in "abc"], lambda _fd: log.append("sync"))
    assert results == ["a", "b", "c"]
    assert log == ["sync", "a staged", "b staged", "c staged", "fsync", *(f"{n} {w}" for n in "abc" for w in ("moved", "ended"))]  # fmt: skip


def test_a_failure_of_one_is_its_own(tmp_path: Path) -> None:
    def fails() -> Steps[str]:
        yield ToDisk(str(tmp_path))
        raise ValueError("no")

    first, second, third = together([work(tmp_path, [], "a"), fails(), work(tmp_path / "gone", [], "c")])
    assert first == "a"
    assert isinstance(second, ValueError)
    assert third == "c: No such file or directory"


def test_a_failing_disk_is_told_to_all_who_wait_for_it(tmp_path: Path) -> None:
    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, "")

    assert together([work(tmp_path, [], name) for name in "ab"], broken) == [
        "a: Input/output error",
        "b: Input/output error",
    ]


def test_an_interrupt_closes_all(tmp_path: Path) -> None:
    log: list[str] = []

    def interrupted(_fd: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        together([work(tmp_path, log, name) for name in "ab"], interrupted)
    assert log == ["a ended", "b ended"]
