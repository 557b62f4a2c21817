"""Finds the shared test corpora; a test that needs one skips, and says so, where they are missing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
CORPORA = Path(os.environ.get("SHIPPER_CORPORA", REPOSITORY.parent / "shared" / "corpora"))


def corpus(name: str) -> Any:
    """The parsed JSON of the corpus file `name`."""
    path = CORPORA / name
    if not path.is_file():
        pytest.skip(f"test corpus {path} is missing", allow_module_level=True)
    return json.loads(path.read_text(encoding="utf-8"))
