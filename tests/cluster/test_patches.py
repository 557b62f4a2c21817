from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.patches import applied, merge, strategic

POD = {"containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}]}


def test_a_merge_patch() -> None:
    # Examples of RFC 7396, appendix A
    for live, patch, made in (
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ):
        assert merge(live, patch) == made


@pytest.mark.parametrize(
    ("patch", "made"),
    [
        (
            {"containers": [{"name": "b", "image": "2"}]},
            {"containers": [POD["containers"][0], {"name": "b", "image": "2"}]},
        ),
        ({"containers": [{"name": "b", "$patch": "delete"}]}, {"containers": [POD["containers"][0]]}),
        ({"containers": [{"$patch": "replace"}, {"name": "c"}]}, {"containers": [{"name": "c"}]}),
        (
            {"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}]}]},
            {
                "containers": [
                    {"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
                    {"name": "b"},
                ]
            },
        ),
        ({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "a"}]}, "turned"),
        ({"containers": None}, {}),
        ({"$patch": "replace", "x": 1}, {"x": 1}),
        ({"$retainKeys": ["y"], "y": 2}, {"y": 2}),
    ],
)
def test_a_strategic_patch(patch: dict[str, Any], made: Any) -> None:
    if made == "turned":
        made = {"containers": POD["containers"][::-1]}
    assert strategic(POD, patch) == made


def test_items_leave_a_list_of_texts() -> None:
    assert strategic({"finalizers": ["a", "b"]}, {"$deleteFromPrimitiveList/finalizers": ["a"]}) == {
        "finalizers": ["b"]
    }


def test_apply_takes_back_what_is_no_longer_said() -> None:
    before = {"data": {"a": "1", "b": "2"}, "labels": {"x": "y"}}
    live = {"data": {"a": "1", "b": "2", "theirs": "3"}, "labels": {"x": "y", "theirs": "z"}, "status": 1}
    made = applied(live, before, {"data": {"a": "9"}})
    assert made == {"data": {"a": "9", "theirs": "3"}, "labels": {"theirs": "z"}, "status": 1}


def test_apply_merges_lists_with_keys() -> None:
    before = {"containers": [{"name": "a", "image": "1"}, {"name": "gone"}]}
    live = {"containers": [{"name": "a", "image": "1", "default": True}, {"name": "gone"}, {"name": "injected"}]}
    made = applied(live, before, {"containers": [{"name": "a", "image": "2"}], "args": ["x"]})
    assert made == {"containers": [{"name": "a", "image": "2", "default": True}, {"name": "injected"}], "args": ["x"]}
