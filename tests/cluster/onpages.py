"""A cluster for a page: the real Helm and kubectl, an API server, and pods that run."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from tests import tools
from tests.cluster.apiserver import Cluster
from tests.cluster.kubelet import Kubelet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KUBECTL = '#!/bin/sh\nexec {python} -m tests.cluster.kubectl "$@"\n'


@contextlib.contextmanager
def cluster_for(folder: Path) -> Iterator[dict[str, str]]:
    """Put `helm` and `kubectl` into the page's folder of programs; gives the variables that they need."""
    programs = folder / ".programs"
    programs.mkdir()
    (programs / "helm").symlink_to(tools.require("helm"))
    kubectl = programs / "kubectl"
    kubectl.write_text(_KUBECTL.format(python=sys.executable))
    kubectl.chmod(0o755)
    cluster = Cluster(folder / ".cluster")
    kubelet = Kubelet(cluster, folder / ".pods")
    try:
        yield {
            "KUBECONFIG": str(cluster.kubeconfig()),
            "HELM_NO_PLUGINS": "1",
            "SHIPPER_KUBECTL": tools.require("kubectl"),
            "SHIPPER_PODS": str(kubelet.state),
        }
    finally:
        kubelet.close()
        cluster.close()
