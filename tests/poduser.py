"""Work that is done as a pod's user: uid 65532, which no file lists, without HOME, capabilities and other groups."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UID = 65532


def as_pod_user(work: Callable[[], object]) -> None:
    """Do `work` in a process of its own, which fails the test if it raises. What it needs has to be imported before.

    Only root can become somebody else: for others the test is skipped.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.environ.pop("HOME", None)
            os.setgroups([])
            os.setresgid(UID, UID, UID)
            os.setresuid(UID, UID, UID)
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it was, the child must not go on with the tests
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the reason is on standard error"


def mounted(path: Path) -> Path:
    """Let `path` be as a file of a Secret is with `fsGroup` 65532 and mode 0440."""
    os.chown(path, 0, UID)
    path.chmod(0o440)
    return path
