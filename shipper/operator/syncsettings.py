"""Which Secrets the operator keeps, and where: checked by the rules of Kubernetes before anything listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import UsageError, shown
from shipper.serving.settings import Setting, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shipper.serving.settings import Given

SYNC_SECRET = Setting("sync_secret", ("OPERATOR_SYNC_SECRET",))
SYNC_PULL_SECRET = Setting("sync_pull_secret", ("OPERATOR_SYNC_PULL_SECRET",))
NAMESPACES = Setting("namespaces", ("OPERATOR_SYNC_NAMESPACES",))


class SyncSettings(NamedTuple):
    """The names of the Secrets with the license and with its registry account, empty for none, and their namespaces."""

    secret: str = ""
    pull_secret: str = ""
    namespaces: tuple[str, ...] = ()


NO_SYNC = SyncSettings()


def sync_settings(given: Mapping[str, Given], *, in_a_cluster: bool) -> SyncSettings:
    """What is given of them. Raises UsageError for what is wrong, or lacks something."""
    from shipper.kubernetes.names import why_no_namespace, why_no_object_name

    secret = _named(given.get(SYNC_SECRET.name), why_no_object_name)
    pull_secret = _named(given.get(SYNC_PULL_SECRET.name), why_no_object_name)
    namespaces = _namespaces(given.get(NAMESPACES.name), why_no_namespace)
    one = given.get(SYNC_SECRET.name) or given.get(SYNC_PULL_SECRET.name)
    if one is None:
        if namespaces:
            raise UsageError(
                f"{given[NAMESPACES.name].source} names namespaces for a Secret, and none is named",
                hint=f"name one: {_either(SYNC_SECRET)}, or {_either(SYNC_PULL_SECRET)}",
            )
        return NO_SYNC
    if not namespaces:
        raise UsageError(
            f"{one.source} names a Secret, and no namespace for it is named",
            hint=f"name them: {_either(NAMESPACES)}, with commas between them",
        )
    if secret == pull_secret:
        raise UsageError(
            f"{given[SYNC_PULL_SECRET.name].source} takes another name than {shown(secret)}, "
            f"which is that of {given[SYNC_SECRET.name].source}",
            hint="a pull Secret has a type of its own",
        )
    if not in_a_cluster:
        raise UsageError(f"{one.source} names a Secret of a cluster, and this runs in no cluster")
    return SyncSettings(secret, pull_secret, namespaces)


def _named(given: Given | None, why_not: Callable[[str], str]) -> str:
    """The name that is given, empty for none. Raises UsageError for one that Kubernetes doesn't take."""
    if given is None:
        return ""
    name = given.text.strip()
    if why := why_not(name):
        raise UsageError(f"{given.source}: {shown(name)} is no name for a Secret", hint=why)
    return name


def _namespaces(given: Given | None, why_not: Callable[[str], str]) -> tuple[str, ...]:
    """Each namespace that is given, once. Raises UsageError for one that Kubernetes doesn't take."""
    if given is None:
        return ()
    texts = [part.strip() for item in listed(given) for part in item.split(",")]
    names = tuple(dict.fromkeys(filter(None, texts)))
    for name in names:
        if why := why_not(name):
            raise UsageError(f"{given.source}: {shown(name)} is no namespace", hint=why)
    return names


def _either(setting: Setting) -> str:
    return f"{setting.variables[0]} or {setting.flag}"
