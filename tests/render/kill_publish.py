"""Kills a publishing process again and again and looks at what is left; run by test_kill.

    python -m tests.render.kill_publish FOLDER KILLS SEED HOW

HOW is `exchange`, `in-place`, or `naive`: the files written one after the other, to show that the check can fail.
Prints one line of JSON with the counts of what was seen.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import time

from shipper.render.publish import inplace, linux
from shipper.render.publish.publish import OutputFile, publish

FILES = 24
FOREIGN = {"README.txt": b"mine\n", "k8s/patch.txt": b"mine too\n", "docs/deep/er.txt": b"and this\n"}


def tree(version: str) -> dict[str, OutputFile]:
    """Some files are in both versions, some in one; contents and modes differ."""
    files = [
        OutputFile(f"k8s/{number % 5}/{number}.yaml", f"{version} {number}\n".encode() * 40) for number in range(FILES)
    ]
    files += [OutputFile(f"only/{version}/{number}", version.encode(), 0o600) for number in range(6)]
    files += [OutputFile(f"k8s/same/{number}", b"in both\n") for number in range(6)]
    return {file.dest: file for file in files}


TREES = {"A": tree("A"), "B": tree("B")}


def naive(files: dict[str, OutputFile], root: str, other: dict[str, OutputFile]) -> None:
    for dest in other.keys() - files.keys():
        if os.path.exists(os.path.join(root, dest)):
            os.unlink(os.path.join(root, dest))
    for file in files.values():
        path = os.path.join(root, file.dest)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(file.content)
        os.chmod(path, file.mode)


def seen(root: str) -> str:
    """A or B if the visible tree is exactly that and the foreign files, otherwise what is wrong."""
    found: dict[str, tuple[bytes, int]] = {}
    for folder, folders, names in os.walk(root):
        if folder == root and ".shipper" in folders:
            folders.remove(".shipper")
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, root)] = (file.read(), os.stat(path).st_mode & 0o7777)
    for path, content in FOREIGN.items():
        if found.pop(path, (b"", 0))[0] != content:
            return "foreign file lost"
    for version, files in TREES.items():
        if found == {file.dest: (file.content, file.mode) for file in files.values()}:
            return version
    return "mixed"


def publish_forever(root: str, how: str, ready: int) -> None:
    if how == "in-place":
        os.chdir(root)
    os.write(ready, b"!")
    for version in itertools.cycle("BA"):
        if how == "naive":
            naive(TREES[version], root, TREES["A" if version == "B" else "B"])
        else:
            publish(TREES[version].values(), root)


def kill_once(root: str, how: str, wait: float) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            publish_forever(root, how, writer)
        finally:
            os._exit(1)
    os.close(writer)
    os.read(reader, 1)
    os.close(reader)
    time.sleep(wait)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "the publishing process failed by itself"


def main(folder: str, kills: int, seed: int, how: str) -> None:
    root = os.path.join(folder, "out")
    publish(TREES["A"].values(), root)
    for path, content in FOREIGN.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "wb") as file:
            file.write(content)
    began = time.monotonic()
    for version in "BABABA":
        publish(TREES[version].values(), root)
    cycle = (time.monotonic() - began) / 6
    counts = {"A": 0, "B": 0, "mixed": 0, "foreign file lost": 0, "left a sibling": 0, "left a journal": 0}
    choose = random.Random(seed)
    for _ in range(kills):
        kill_once(root, how, choose.uniform(0, 3 * cycle))
        counts["left a sibling"] += os.listdir(folder) != ["out"]
        if how == "in-place" and os.path.exists(os.path.join(root, ".shipper", "journal")):
            counts["left a journal"] += 1
            fd = linux.open_folder(root)
            inplace.recover(fd)
            os.close(fd)
        counts[seen(root)] += 1
    if how != "naive":  # what is written past `publish` is foreign to it, and stays
        publish(TREES["A"].values(), root)
        assert seen(root) == "A"
        assert os.listdir(folder) == ["out"], "the next run sweeps what killed ones left"
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
