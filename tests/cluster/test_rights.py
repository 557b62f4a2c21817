"""What the service accounts of the charts may do in a cluster: this, and nothing else."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.charts.harness import ALL_VALUES, LICENSE_SERVER, OPERATOR, one, template, values_id
from tests.cluster.kinds import KINDS
from tests.cluster.rbac import Request, account, allowed

if TYPE_CHECKING:
    from pathlib import Path

VERBS = (
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "escalate",
    "bind",
    "impersonate",
)
NAMES = ("", "kube-system", "app-license", "app-pull", "other")
SPACES = ("", "shipper", "app", "shop", "other", "kube-system")
VALUES: dict[str, Any] = {"license": {"key": "k", "licenseServer": "https://license.example.com"}}


def rights(objects: list[dict[str, Any]], name: str, space: str = "shipper") -> set[Request]:
    """Everything that a service account may, of all that can be asked."""
    every = product(VERBS, {(kind.group, kind.plural) for kind in KINDS}, SPACES, NAMES)
    requests = (Request(verb, group, plural, space, name) for verb, (group, plural), space, name in every)
    return {request for request in requests if allowed(account(space, name), request, objects)}


def everybody(request: Request) -> set[Request]:
    """A request whose name, and namespace where it stands in a cluster role, doesn't matter."""
    return {request._replace(name=name, namespace=space) for name in NAMES for space in SPACES}


# Rules of cluster roles hold in every namespace; the two kinds have none, so only the empty one is ever asked
ALWAYS = everybody(Request("create", "authentication.k8s.io", "tokenreviews")) | {
    Request("get", "", "namespaces", space, "kube-system") for space in SPACES
}


def test_the_operator_reviews_tokens_and_knows_its_cluster() -> None:
    assert rights(template(OPERATOR, VALUES), "shipper-operator") == ALWAYS


def test_it_keeps_the_secrets_that_are_named_where_it_is_said() -> None:
    values = {**VALUES, "sync": {"secret": "app-license", "pullSecret": "app-pull", "namespaces": ["app", "shop"]}}
    more = rights(template(OPERATOR, values), "shipper-operator") - ALWAYS
    assert more == {
        *(Request("create", "", "secrets", space, name) for space in ("app", "shop") for name in NAMES),
        *(
            Request(verb, "", "secrets", space, name)
            for verb in ("get", "update")
            for space in ("app", "shop")
            for name in ("app-license", "app-pull")
        ),
    }


def test_nobody_else_gets_them() -> None:
    found = template(OPERATOR, VALUES)
    assert rights(found, "default") == set()
    assert rights(found, "shipper-operator", "other") == set()
    assert not allowed("somebody", Request("get", "", "namespaces", "", "kube-system"), found)


def test_the_license_server_may_nothing() -> None:
    found = template(LICENSE_SERVER, {"license": {"key": "k", "file": {"data": {"license.pem": "x"}}}})
    assert {each["kind"] for each in found}.isdisjoint({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})
    assert one(found, "ServiceAccount")["automountServiceAccountToken"] is False


@pytest.mark.parametrize(("chart", "values"), ALL_VALUES, ids=values_id)
def test_no_rule_is_for_everything(chart: Path, values: Path) -> None:
    for each in template(chart, values):
        for rule in each.get("rules") or []:
            assert "*" not in {*rule.get("verbs", ()), *rule.get("apiGroups", ()), *rule.get("resources", ())}
