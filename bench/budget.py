"""The numbers that shipper promises, and how a run compares with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.measure import Sample


class Verdict(NamedTuple):
    """One promise: what it says, its limit, what was measured (both in `unit`)."""

    promise: str
    unit: str
    limit: float
    measured: float

    @property
    def kept(self) -> bool:
        return self.measured <= self.limit


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
    return found
