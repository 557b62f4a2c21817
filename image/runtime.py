"""Copy what shipper needs to run, and nothing that only builds it, from one folder of packages to another.

python image/runtime.py FROM TO

Also left out: programs, type stubs, sources of compiled modules, and the tests of packages. What a package's RECORD says holds for what is copied.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
from importlib.metadata import Distribution, distributions
from io import StringIO

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

PROJECT = Requirement("shipper[server]")
BUILT_OF = (".pyi", ".pyc", ".pyx", ".pxd", ".c", ".h")


def needed(found: dict[NormalizedName, Distribution]) -> set[NormalizedName]:
    """The names of the packages that PROJECT needs, itself included."""
    seen: set[tuple[NormalizedName, str]] = set()
    todo = [(canonicalize_name(PROJECT.name), extra) for extra in ("", *sorted(PROJECT.extras))]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in found[name].requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                wanted = canonicalize_name(requirement.name)
                todo.extend((wanted, each) for each in ("", *requirement.extras))
    return {name for name, _ in seen}


def is_run(path: str) -> bool:
    """Whether a file of a package is of use in the image."""
    folders = path.split("/")[:-1]
    return not (path.startswith("../") or path.endswith(BUILT_OF) or {"tests", "testing"} & set(folders))


def copy(source: str, package: Distribution, target: str) -> None:
    """Copy the files of one package, and its RECORD less what was left out."""
    kept: list[list[str]] = []
    record = ""
    for row in csv.reader(StringIO(package.read_text("RECORD"))):
        if not is_run(row[0]):
            continue
        if row[0].endswith(".dist-info/RECORD"):
            record = row[0]
        if not row[0].endswith((".dist-info/RECORD", ".dist-info/REQUESTED", ".dist-info/direct_url.json")):
            destination = os.path.join(target, row[0])
            os.makedirs(os.path.dirname(destination), exist_ok=True)
            shutil.copyfile(os.path.join(source, row[0]), destination)
            kept.append(row)
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([*sorted(kept), [record, "", ""]])
    with open(os.path.join(target, record), "w", encoding="utf-8") as opened:
        opened.write(text.getvalue())


def main(source: str, target: str) -> None:
    found = {canonicalize_name(each.name): each for each in distributions(path=[source])}
    os.makedirs(target)
    for name in sorted(needed(found)):
        copy(source, found[name], target)


if __name__ == "__main__":
    main(*sys.argv[1:])
