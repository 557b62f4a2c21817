"""The real kubectl and Helm, talking to the API server of the tests."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests import tools

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.apiserver import Cluster

_SECONDS = 120


class Done(NamedTuple):
    """What a run did."""

    code: int
    out: str
    err: str


class Clients:
    """Programs that see this cluster, and nothing of whoever runs the tests."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.environment = {
            "HOME": str(cluster.folder),
            "KUBECONFIG": str(cluster.kubeconfig()),
            "PATH": "/usr/bin:/bin",
            "HELM_NO_PLUGINS": "1",
        }

    def run(self, program: str, *arguments: str | Path, text: str = "") -> Done:
        """Run `kubectl`, `helm` (4) or `helm3`; `text` is its standard input."""
        command = [tools.require(program), *map(str, arguments)]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, env=self.environment, timeout=_SECONDS, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def good(self, program: str, *arguments: str | Path, text: str = "") -> str:
        """The same; gives the output. Raises AssertionError with the program's words if it fails."""
        done = self.run(program, *arguments, text=text)
        assert done.code == 0, done.err
        return done.out

    def apply(self, text: str) -> list[str]:
        """`kubectl apply -f -`; gives a line for each object."""
        return self.good("kubectl", "apply", "-f", "-", text=text).splitlines()
