"""What is installed from the wheel has the values of the charts, and `setup` works from it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from shipper.setup.charts import chart
from tests.charts.harness import by_name, objects, setup_objects
from tests.setup.test_equality import BASES
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from shipper.setup.charts import Name

_BUILD = "import sys; from hatchling.builders.wheel import WheelBuilder as W; print(*W(sys.argv[1]).build(directory=sys.argv[2], versions=['standard']))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds, and nothing of the checkout."""
    pytest.importorskip("hatchling", reason="the run on the declared minimum versions has no builder")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-c", _BUILD, str(REPOSITORY), str(folder)]
    done = subprocess.run(build, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize("name", list(BASES))
def test_setup_works_from_an_installed_wheel(installed: Path, name: Name, tmp_path: Path) -> None:
    import json

    (tmp_path / "v.yaml").write_text(json.dumps(BASES[name]), encoding="utf-8")
    program = "import sys, shipper.cli.main as m; print(m.__file__, file=sys.stderr); sys.exit(m.main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, name, "setup", "--accept-tos", "-f", "v.yaml"]
    # The checkout may be on the path of this Python: what comes first counts
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(str(installed))
    assert by_name(objects(done.stdout)) == by_name(setup_objects(name, tmp_path / "v.yaml"))


def test_the_wheel_has_values_and_schemas_as_they_are_and_no_more_of_the_charts(installed: Path) -> None:
    charts, inside = chart("operator").parent, installed / "shipper" / "setup" / "charts"
    files = sorted(path.relative_to(inside) for path in inside.rglob("*") if path.is_file())
    assert [path.name for path in files] == ["values.schema.json", "values.yaml"] * 2
    for path in files:
        assert (inside / path).read_bytes() == (charts / path).read_bytes()
