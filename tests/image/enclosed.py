"""Run a program of the image's tree as a cluster would: read-only, uid 65532, no capability, only /data and /tmp to write.

    unshare --mount python -m tests.image.enclosed ROOT DATA PROGRAM [ARGUMENTS…]

ENCLOSED_UID is another user. DATA becomes /data. The process becomes the program, so signals and the exit code are the
program's own. It sees /proc, and of the devices null, zero and urandom.
"""

from __future__ import annotations

import ctypes
import os
import sys

UID = 65532
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
DETACH = 2
DROP_BOUNDING, NO_NEW_PRIVILEGES = 24, 38
LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """mount(2). Raises OSError."""
    texts = [os.fsencode(each) for each in (source, target, kind)]
    if _libc.mount(*texts, ctypes.c_ulong(flags), os.fsencode(data)) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def enclose(root: str, data: str) -> None:
    """Make `root` the root of this process, read-only, with `data` at /data and a /tmp of its own."""
    mount("none", "/", flags=RECURSIVE | PRIVATE)
    mount(root, root, flags=BIND)
    mount("tmpfs", f"{root}/dev", "tmpfs", NO_SETUID, "mode=755,size=64k")
    for device in ("null", "zero", "urandom"):
        with open(f"{root}/dev/{device}", "w", encoding="ascii"):
            pass
        mount(f"/dev/{device}", f"{root}/dev/{device}", flags=BIND)
    mount("tmpfs", f"{root}/dev", flags=REMOUNT | BIND | READ_ONLY | NO_SETUID)
    mount("/proc", f"{root}/proc", flags=BIND | RECURSIVE)
    mount("tmpfs", f"{root}/tmp", "tmpfs", NO_SETUID | NO_DEVICES | NO_PROGRAMS, "mode=1777,size=64m")
    mount(data, f"{root}/data", flags=BIND)
    mount("none", f"{root}/data", flags=REMOUNT | BIND | NO_SETUID | NO_DEVICES | NO_PROGRAMS)
    mount("none", root, flags=REMOUNT | BIND | READ_ONLY | NO_SETUID | NO_DEVICES)
    os.chdir(root)
    if _libc.pivot_root(b".", b".") != 0 or _libc.umount2(b".", DETACH) != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    os.chdir("/")


def give_up_rights(uid: int) -> None:
    """Become a user, for good: without capabilities, also for what is started."""
    for capability in range(LAST_CAPABILITY + 1):
        _libc.prctl(DROP_BOUNDING, capability, 0, 0, 0)  # fails for those that the kernel doesn't know
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if _libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")


if __name__ == "__main__":
    enclose(sys.argv[1], sys.argv[2])
    give_up_rights(int(os.environ.pop("ENCLOSED_UID", UID)))
    os.execv(sys.argv[3], sys.argv[3:])
