"""One digest of a file tree: of every path, its kind, mode and content, in order. Times and owners don't count.

python image/digest.py FOLDER
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys


def entries(root: str) -> list[str]:
    """A line for each file, folder and link below `root`: path, mode, SHA-256 of the content or of a link's target."""
    lines = []
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content = b""
            if stat.S_ISLNK(status.st_mode):
                content = os.fsencode(os.readlink(path))
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as opened:
                    content = opened.read()
            lines.append(f"{os.path.relpath(path, root)} {status.st_mode:o} {hashlib.sha256(content).hexdigest()}\n")
    return sorted(lines)


def digest(root: str) -> str:
    """The SHA-256, in hex, of all entries below `root`."""
    return hashlib.sha256("".join(entries(root)).encode("utf-8", "surrogateescape")).hexdigest()


if __name__ == "__main__":
    print(digest(sys.argv[1]))
