"""`shipper lint --ship`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran


def test_differences_are_notes_with_their_rule(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    text = "assets.v1:\n- inline: {dest: a.txt, contents: '{{repl RandomString 5 }}'}\nlifecycle.v1: [render: {root: ./}]\n"
    (tmp_path / "spec.yaml").write_text(text)
    ran = shipper("lint", "spec.yaml", "--ship")
    assert ran.code == 0
    assert ran.out.count("note: ") == 1
    assert ran.err == "spec.yaml: 0 errors, 0 warnings, 1 difference from Ship\n"
    (found,) = json.loads(shipper("lint", "spec.yaml", "--ship", "-o", "json").out)
    assert (found["level"], found["rule"], found["line"], found["column"]) == ("note", "random", 2, 43)
    assert found["hint"] == "give --state FILE"
    assert set(found) == {"level", "file", "line", "column", "subject", "message", "hint", "rule", "ship", "shipper"}
    assert "note" not in shipper("lint", "spec.yaml").out
