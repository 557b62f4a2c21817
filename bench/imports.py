"""Where the time of one cold run goes: `python -m bench.imports` prints milliseconds by package.

Python's own `-X importtime` slows every import down a little, so the sum is an upper bound; shares are what to read.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
RUNS = 7
LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)")


def one_run() -> dict[str, float]:
    """Milliseconds of import by package of one render of the quickstart example."""
    folder = REPOSITORY / "specs"
    command = [sys.executable, "-X", "importtime", "-m", "shipper", "render", str(folder / "quickstart.yaml")]
    command += ["--license", str(folder / "quickstart" / "license.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = defaultdict(float)
    for microseconds, module in LINE.findall(done.stderr):
        found[package(module)] += int(microseconds) / 1000
    return found


def package(module: str) -> str:
    """The room of ours, the distribution of others, or the standard library."""
    top, _, rest = module.partition(".")
    if top == "shipper":
        return f"shipper.{rest.partition('.')[0]}" if rest else "shipper"
    return "standard library" if top in sys.stdlib_module_names else top


def main() -> None:
    """Print the medians of several runs, largest first."""
    one_run()
    samples: dict[str, list[float]] = defaultdict(list)
    for _ in range(RUNS):
        for name, milliseconds in one_run().items():
            samples[name].append(milliseconds)
    medians = {name: statistics.median(values) for name, values in samples.items()}
    for name, milliseconds in sorted(medians.items(), key=lambda item: -item[1]):
        if milliseconds >= 1:
            print(f"{milliseconds:7.1f} ms  {name}")
    print(f"{sum(medians.values()):7.1f} ms  in all")


if __name__ == "__main__":
    main()
