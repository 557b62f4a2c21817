"""The places of a spec where shipper differs from Replicated Ship, or where both surprise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.render.lint import Finding, place
from shipper.render.shiplint.model import DifferenceError
from shipper.render.shiplint.spec import differences

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DifferenceError", "differences", "merged"]


def merged(findings: Iterable[Finding], found: Iterable[DifferenceError], file: str) -> list[Finding]:
    """All findings about the spec in `file`, in the order of their places.

    A warning that a kind of asset isn't rendered is left out where a difference says more.
    """
    notes = [Finding("note", error) for error in found]
    told = {
        note.error.position for note in notes if isinstance(note.error, DifferenceError) and note.error.rule == "kind"
    }
    kept = [finding for finding in findings if finding.level != "warning" or finding.error.position not in told]
    return sorted([*kept, *notes], key=lambda finding: place(finding.error, file))
