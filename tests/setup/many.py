"""One run of the real Helm for many values: a chart that has the same chart below it many times."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from tests import tools
from tests.charts.harness import objects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SOURCE = re.compile(r"^---\n# Source: umbrella/charts/(a\d+)/.*\n", re.MULTILINE)


def yaml_text(data: Any) -> str:
    """`data` as JSON that YAML's readers take, too: without pairs of surrogates and characters they don't print."""
    text = json.dumps(data, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def template_many(chart: Path, values: Sequence[dict[str, Any]], folder: Path) -> list[list[dict[str, Any]]]:
    """The objects of `chart` for each of `values`. Raises AssertionError, with Helm's words, if it refuses one."""
    umbrella = folder / "umbrella"
    shutil.rmtree(umbrella, ignore_errors=True)
    names = [f"a{number}" for number in range(len(values))]
    about = (chart / "Chart.yaml").read_text(encoding="utf-8")
    for name in names:  # no aliases of one chart: a null for one would take the default out for all
        below = umbrella / "charts" / name
        shutil.copytree(chart, below, ignore=shutil.ignore_patterns("ci"))
        (below / "Chart.yaml").write_text(about.replace(f"name: {chart.name}\n", f"name: {name}\n"), encoding="utf-8")
    (umbrella / "Chart.yaml").write_text("{apiVersion: v2, name: umbrella, version: 1.0.0}", encoding="utf-8")
    (umbrella / "values.yaml").write_text(yaml_text(dict(zip(names, values, strict=True))), encoding="utf-8")
    command = [tools.require("helm"), "template", "many", str(umbrella), "--namespace", "elsewhere"]
    command += ["--api-versions", "monitoring.coreos.com/v1", "--api-versions", "cert-manager.io/v1"]
    done = subprocess.run(command, capture_output=True, text=True, env=tools.ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
    texts: dict[str, list[str]] = {name: [] for name in names}
    _, *parts = _SOURCE.split(done.stdout)
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        texts[name].append(text)
    return [objects("---\n".join(texts[name])) for name in names]
