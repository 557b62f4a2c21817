"""What clusters are called: by their names, and by ids where these don't tell them apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.usage.clusters import Cluster, labels

A, B = "1111aaaa-0000", "2222bbbb-0000"
SAME = "1111aaaa-9999"


@pytest.mark.parametrize(
    ("said", "called"),
    [
        ([], []),
        ([("eu", "", 1)], ["eu"]),
        ([("eu", A, 1), ("us", B, 2)], ["eu", "us"]),
        ([("old", A, 1), ("new", A, 2)], ["new", "new"]),
        ([("new", A, 2), ("old", A, 1)], ["new", "new"]),
        ([("eu", A, 1), ("eu", B, 1)], ["eu (1111aaaa)", "eu (2222bbbb)"]),
        ([("eu", A, 1), ("eu", B, 1), ("us", B, 2)], ["eu", "us", "us"]),
        ([("eu", A, 1), ("eu", SAME, 1)], [f"eu ({A})", f"eu ({SAME})"]),
        # Without an id: that of the name, if there is just one
        ([("eu", "", 1), ("eu", A, 2)], ["eu", "eu"]),
        ([("old", "", 1), ("old", A, 2), ("new", A, 3)], ["new", "new", "new"]),
        ([("eu", "", 1), ("eu", A, 2), ("eu", B, 3)], ["eu", "eu (1111aaaa)", "eu (2222bbbb)"]),
        # Called by its id, since it has no name
        ([(A, A, 1)], [A]),
    ],
)
def test_what_they_are_called(said: list[tuple[str, str, int]], called: list[str]) -> None:
    clusters = [(Cluster(name, id_), when) for name, id_, when in said]
    found = labels(clusters)
    assert [found[cluster] for cluster, _ in clusters] == called
    assert labels(clusters[::-1]) == found


_CLUSTERS = st.tuples(
    st.builds(Cluster, st.sampled_from(("eu", "us")), st.sampled_from(("", A, B, SAME))), st.integers(0, 3)
)


@given(st.lists(_CLUSTERS, max_size=8))
def test_ids_are_what_tells_them_apart(said: list[tuple[Cluster, int]]) -> None:
    found = labels(said)
    assert found == labels([*reversed(said), *said])
    known = [cluster for cluster, _ in said if cluster.id]
    for one in known:
        for other in known:
            assert (found[one] == found[other]) == (one.id == other.id)
