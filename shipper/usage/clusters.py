"""What clusters are called: by their names, where these tell them apart.

A cluster with an id is one, whatever it was called, and goes by its last name. Where several go by the same name, the
beginning of the id stands behind it. Who gives no id is taken for the cluster of that name, if there is just one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHORT = 8
"""So much of an id tells clusters apart that have one name; where it doesn't, all of it is shown."""


class Cluster(NamedTuple):
    """As an event says it; `id` may be empty."""

    name: str
    id: str = ""


def labels(said: Iterable[tuple[Cluster, int]]) -> Mapping[Cluster, str]:
    """What each cluster is called among those of `said`, each with when it was said last. Their order is no matter."""
    said = list(said)
    last: dict[str, tuple[int, str]] = {}
    named: dict[str, set[str]] = {}
    for cluster, when in said:
        if cluster.id:
            last[cluster.id] = max(last.get(cluster.id, (when, cluster.name)), (when, cluster.name))
            named.setdefault(cluster.name, set()).add(cluster.id)
    called = {id_: _label(id_, name, last) for id_, (_, name) in last.items()}
    found: dict[Cluster, str] = {}
    for cluster, _ in said:
        ids = {cluster.id} if cluster.id else named.get(cluster.name, set())
        found[cluster] = called[min(ids)] if len(ids) == 1 else cluster.name
    return found


def _label(id_: str, name: str, last: Mapping[str, tuple[int, str]]) -> str:
    alike = [other for other, (_, called) in last.items() if called == name]
    if len(alike) == 1:
        return name
    shorts = Counter(other[:SHORT] for other in alike)
    return f"{name} ({id_[:SHORT] if shorts[id_[:SHORT]] == 1 else id_})"
