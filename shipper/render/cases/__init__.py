"""Cases of a spec, for its author's CI: what is given, and what has to come out."""

from __future__ import annotations

from shipper.render.cases.model import Case, Failure, Outcome
from shipper.render.cases.reader import CaseReader, find_case_files
from shipper.render.cases.run import run_case

__all__ = ["Case", "CaseReader", "Failure", "Outcome", "find_case_files", "run_case"]
