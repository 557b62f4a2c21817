"""Where the values of the Helm charts are: in an installed package inside of it, in a checkout with the charts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Name = Literal["license-server", "operator"]

_HERE = Path(__file__).parent
_FOLDERS = (_HERE / "charts", _HERE.parent.parent / "charts")


def chart(name: Name) -> Path:
    """The folder with `values.yaml` and `values.schema.json` of the chart `shipper-<name>`."""
    return next(folder for folder in _FOLDERS if folder.is_dir()) / f"shipper-{name}"
