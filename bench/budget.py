"""The numbers that shipper promises, and how a run compares with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.measure import Sample


class Verdict(NamedTuple):
    """One promise: what it says, its limit, what was measured (both in `unit`). `least`: the limit is a floor."""

    promise: str
    unit: str
    limit: float
    measured: float
    least: bool = False

    @property
    def kept(self) -> bool:
        return self.measured >= self.limit if self.least else self.measured <= self.limit

    def __str__(self) -> str:
        """A line of a table."""
        limit = f"{'>= ' if self.least else ''}{self.limit:,g} {self.unit}"
        return f"{self.promise:<50} {limit:>11} {self.measured:11,.3f}  {'kept' if self.kept else 'BROKEN'}"


def verdicts(measured: Mapping[tuple[str, str], Sample]) -> list[Verdict]:
    """Compare medians, by (case, way) with the ways "stdout", "folder", "helm"; cases that weren't run are left out."""
    found: list[Verdict] = []
    if ("quickstart", "stdout") in measured:
        ratio = measured["quickstart", "stdout"].seconds / measured["quickstart", "helm"].seconds
        found.append(Verdict("quickstart, cold, against helm template", "x", 3.0, ratio))
    for way in ("stdout", "folder"):
        thousand = measured.get(("1,000", way))
        many = measured.get(("10,000", way))
        if thousand:
            found.append(Verdict(f"1,000 assets to {way}", "s", 0.9, thousand.seconds))
            found.append(Verdict(f"1,000 assets to {way}", "MiB", 120, thousand.mebibytes))
        if many:
            found.append(Verdict(f"10,000 assets to {way}", "s", 8, many.seconds))
        if thousand and many:
            more = many.mebibytes - thousand.mebibytes
            found.append(Verdict(f"10,000 assets to {way}, more than 1,000", "MiB", 60, more))
        for size, limit in (("1,000", 0.7), ("10,000", 5)):
            ours = measured.get((f"repl {size}", way))
            if ours:
                found.append(Verdict(f"{size} assets in repl to {way}", "s", limit, ours.seconds))
    fleet = measured.get(("fleet 1,000", "folder"))
    if fleet:
        found.append(Verdict("1,000 licenses, 20 assets, 2 jobs", "s", 5, fleet.seconds))
        ratio = fleet.seconds / measured["fleet 1,000", "helm"].seconds
        found.append(Verdict("1,000 licenses, against 1,000 runs of helm", "x", 0.12, ratio))
        more = measured["fleet 10,000", "folder"].mebibytes - fleet.mebibytes
        found.append(Verdict("10,000 licenses, more than 1,000", "MiB", 10, more))
    return found
