"""What one agrees to with `--accept-tos`: what is installed, whose agreement counts, what is kept of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipper.setup.charts import Name

_INSTALLED = {
    "license-server": """\
shipper license-server setup prints Kubernetes objects that install the license server: a Deployment, a Service,
a volume for its database, and Secrets with the license and its key. It installs nothing itself.""",
    "operator": """\
shipper operator setup prints Kubernetes objects that install the operator of a cluster: a Deployment, a Service,
a volume for its state, a Secret with the license key, and the rights to review the tokens of callers, to read the id
of the cluster, and, if you ask for it, to keep Secrets in the namespaces you name. It installs nothing itself.""",
}
_KEPT = {
    "license-server": """\
- The server stores who used the product: when, on which machine, under which user and host names, in which cluster.
  Seats are counted from that. Whoever has a key for reports can read it; it stays until you delete the database.""",
    "operator": """\
- The operator keeps who uses the product, when, on which machine and under which user and host names, and reports
  it to the license server that you name. Tell your users, where the law or your rules ask for it.""",
}
_ALL = """\
- What you may do with the product is said in the license agreement that you have with its vendor. These terms
  change nothing in it.
- Nothing is sent to the vendor of the product, nor to the authors of shipper.
- shipper is free software under the Apache License 2.0, which gives no warranty."""


def terms(name: Name) -> str:
    """The terms for `name`, several lines."""
    return f"{_INSTALLED[name]}\n\nWith --accept-tos you accept:\n\n{_KEPT[name]}\n{_ALL}\n"
