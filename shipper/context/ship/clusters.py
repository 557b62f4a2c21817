"""The paths that Ship knew after it had described a cluster; shipper describes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.registry import function
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.context.facts import Facts


@function(('{{repl if false }}{{repl AmazonEKS "prod" }}{{repl else }}none{{repl end }}', "none"), table="repl")
def AmazonEKS(facts: Facts, cluster: str) -> str:
    """An error, and empty with `--missing empty`: no `amazon_eks` asset is rendered, and so it has no kubeconfig."""
    return _nowhere(facts, cluster)


@function(('{{repl if false }}{{repl AzureAKS "prod" }}{{repl else }}none{{repl end }}', "none"), table="repl")
def AzureAKS(facts: Facts, cluster: str) -> str:
    """An error, and empty with `--missing empty`: no `azure_aks` asset is rendered, and so it has no kubeconfig."""
    return _nowhere(facts, cluster)


@function(('{{repl if false }}{{repl GoogleGKE "prod" }}{{repl else }}none{{repl end }}', "none"), table="repl")
def GoogleGKE(facts: Facts, cluster: str) -> str:
    """An error, and empty with `--missing empty`: no `google_gke` asset is rendered, and so it has no kubeconfig."""
    return _nowhere(facts, cluster)


def _nowhere(facts: Facts, _cluster: str) -> str:
    if facts.missing != "empty":
        raise TemplateError("Ship made the kubeconfig of that cluster, and shipper makes none", hint="write its path")
    return ""
