"""What the real Helm makes of values: a chart that prints them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests import tools

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FILES = {
    "Chart.yaml": "{apiVersion: v2, name: probe, version: 1.0.0}",
    "templates/all.yaml": "all: {{ .Values | toJson | quote }}",
}


def coalesced(folder: Path, defaults: str, arguments: Sequence[str], helm: str = "helm") -> dict[str, Any]:
    """The values that a chart with the `defaults` sees. `folder` is an empty one."""
    for name, text in {**_FILES, "values.yaml": defaults}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = [tools.require(helm), "template", "probe", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=tools.ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(json.loads(done.stdout.partition("all: ")[2]))
    return found
