"""Runs the measurements, prints two tables and writes bench/results.json; exit code 1 if a promise is broken.

python -m bench [--sizes 1,100,1000] [--no-fleet] [--no-services] [--no-write]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import budget, cases, fleets, measure
from tests import tools

if TYPE_CHECKING:
    from bench.cases import Case
    from bench.measure import Sample

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "bench" / "results.json"
WAYS = ("stdout", "folder", "helm")


def main() -> int:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, cases.SIZES)), help="how many assets, by comma")
    parser.add_argument("--no-fleet", dest="fleet", action="store_false", help="leave the fleet out")
    parser.add_argument("--no-services", dest="services", action="store_false", help="leave the license server out")
    parser.add_argument("--no-write", action="store_true", help=f"leave {RESULTS.name} as it is")
    arguments = parser.parse_args()
    sizes = tuple(int(size) for size in arguments.sizes.split(","))
    program = str(Path(sys.executable).with_name("shipper"))
    helm = str(tools.find("helm"))
    with tempfile.TemporaryDirectory(prefix="shipper-bench-") as scratch:
        root = Path(scratch)
        todo = [cases.quickstart(root, program, helm, REPOSITORY), *cases.prepare(root, program, helm, sizes)]
        measured: dict[tuple[str, str], Sample] = {}
        for case in todo:
            measured.update(_measure(case, root))
            _print_case(case, measured)
        if arguments.fleet:
            measured.update(fleets.measured(root, program, helm))
            _print_fleet(measured)
    # Late: what is measured above counts the memory of this process
    from bench import reports, services, validate

    found = [*budget.verdicts(measured), validate.verdict(validate.measure())]
    if arguments.services:
        found += [*services.verdicts(), *reports.verdicts()]
    _print_verdicts(found)
    if not arguments.no_write:
        RESULTS.write_text(json.dumps(_results(measured, found), indent=2) + "\n", encoding="utf-8")
    return 0 if all(verdict.kept for verdict in found) else 1


def _measure(case: Case, root: Path) -> dict[tuple[str, str], Sample]:
    """The medians of several rounds; a round runs each way once, and one round before them isn't counted."""
    rounds = {1: 21, 100: 9, 1_000: 5}.get(case.size, 3)
    samples: dict[str, list[Sample]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        one = {
            "stdout": measure.run(case.to_stdout, root),
            "folder": measure.run_to_folder(case.to_folder, root),
            "helm": measure.run(case.helm, root),
        }
        if number:
            for way in WAYS:
                samples[way].append(one[way])
    return {(case.name, way): measure.median(samples[way]) for way in WAYS}


def _print_case(case: Case, measured: dict[tuple[str, str], Sample]) -> None:
    if case.name == "quickstart":
        print(f"{'assets':>10}  {'way':<7} {'seconds':>8} {'x helm':>7} {'MiB':>7} {'x helm':>7}")
    helm = measured[case.name, "helm"]
    for way in WAYS:
        one = measured[case.name, way]
        times = f"{one.seconds:8.3f} {one.seconds / helm.seconds:7.2f}"
        memory = f"{one.mebibytes:7.1f} {one.mebibytes / helm.mebibytes:7.2f}"
        print(f"{case.name:>10}  {way:<7} {times} {memory}", flush=True)


def _print_fleet(measured: dict[tuple[str, str], Sample]) -> None:
    print(f"\n{'licenses':>10}  {'way':<7} {'seconds':>8} {'':>7} {'MiB':>7}")
    for (name, way), one in measured.items():
        if name in fleets.CASES:
            print(f"{name.removeprefix(fleets.PREFIX):>10}  {way:<7} {one.seconds:8.3f} {'':>7} {one.mebibytes:7.1f}")


def _print_verdicts(found: list[budget.Verdict]) -> None:
    print(f"\n{'promise':<50} {'limit':>11} {'measured':>11}")
    for verdict in found:
        print(verdict)


def _results(measured: dict[tuple[str, str], Sample], found: list[budget.Verdict]) -> dict[str, object]:
    commit = _output(["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"])
    changed = _output(["git", "-C", str(REPOSITORY), "status", "--porcelain", "--", "shipper"])
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit + ("+changes" if changed else ""),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "helm": _output([str(tools.find("helm")), "version", "--short"]),
        },
        "medians": [
            {"assets": name, "way": way, "seconds": round(one.seconds, 4), "mebibytes": round(one.mebibytes, 1)}
            for (name, way), one in measured.items()
        ],
        "promises": [{**verdict._asdict(), "kept": verdict.kept} for verdict in found],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
