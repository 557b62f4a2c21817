"""Whether the roles that are stored allow a request, as Kubernetes' authorizer decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Object = dict[str, Any]

_ACCOUNT = "system:serviceaccount:"


class Request(NamedTuple):
    """What somebody wants to do; `name` is empty for what has none yet, and for lists."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


def account(namespace: str, name: str) -> str:
    """The user that a ServiceAccount is."""
    return f"{_ACCOUNT}{namespace}:{name}"


def allowed(user: str, request: Request, objects: Iterable[Object]) -> bool:
    """Whether a binding among `objects` gives `user` a rule for it."""
    stored = list(objects)
    roles = {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
        for each in stored
        if each["kind"] in {"Role", "ClusterRole"}
    }
    for binding in stored:
        namespace = binding["metadata"].get("namespace", "")
        if binding["kind"] == "RoleBinding":
            if namespace != request.namespace:
                continue
        elif binding["kind"] != "ClusterRoleBinding":
            continue
        if not any(_is(subject, user) for subject in binding.get("subjects") or []):
            continue
        ref = binding["roleRef"]
        role = roles.get((ref["kind"], "" if ref["kind"] == "ClusterRole" else namespace, ref["name"]))
        if role and any(_fits(rule, request) for rule in role.get("rules") or []):
            return True
    return False


def _is(subject: Object, user: str) -> bool:
    if subject["kind"] == "ServiceAccount":
        return account(subject.get("namespace", ""), subject["name"]) == user
    groups = {"system:authenticated"}
    if user.startswith(_ACCOUNT):
        namespace = user.removeprefix(_ACCOUNT).partition(":")[0]
        groups |= {"system:serviceaccounts", f"system:serviceaccounts:{namespace}"}
    return bool(subject["name"] == user if subject["kind"] == "User" else subject["name"] in groups)


def _fits(rule: Object, request: Request) -> bool:
    wanted = (("verbs", request.verb), ("apiGroups", request.group), ("resources", request.resource))
    if not all({"*", value} & set(rule.get(field) or ()) for field, value in wanted):
        return False
    names = rule.get("resourceNames") or ()
    return not names or request.name in names
