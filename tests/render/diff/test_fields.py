from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.render.diff.fields import MERGE_KEYS, FieldChange, Item, Step, Unquoted, diff, item_of, items_by, same

if TYPE_CHECKING:
    from collections.abc import Iterable


def apply(left: object, changes: Iterable[FieldChange]) -> object:
    """A copy of `left` with `changes` of it made, in their order."""
    root = [copy.deepcopy(left)]
    for change in changes:
        path = (0, *change.path)
        target: Any = root
        for step in path[:-1]:
            target = target[place(target, step)]
        make(change, target, path[-1])
    return root[0]


def place(target: Any, step: Step) -> Any:
    if not isinstance(step, Item):
        return step
    [found] = [number for number, value in enumerate(target) if item_of(step.keys, value) == step]
    return found


def make(change: FieldChange, target: Any, step: Step) -> None:
    new = copy.deepcopy(change.new)
    if change.change == "changed":
        target[place(target, step)] = new
    elif change.change == "reordered":
        reorder(target[place(target, step)], change.new, str(step))
    elif isinstance(target, dict):
        if change.change == "added":
            assert step not in target
            target[step] = new
        else:
            del target[step]
    elif change.change == "removed":
        # By position it is the list's end that is removed, beginning with the first that goes
        where = place(target, step)
        del target[where : where + 1 if isinstance(step, Item) else None]
    else:
        target.insert(len(target) if change.place is None else change.place, new)


def reorder(values: list[Any], labels: list[str], field: str) -> None:
    for keys in MERGE_KEYS[field]:
        items = items_by(keys, values)
        if items is not None and {item.label for item in items} == set(labels):
            found = {item.label: value for item, value in items.items()}
            values[:] = [found[label] for label in labels]
            return
    raise AssertionError(labels)


def equal(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return same(left, right)


SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats(width=16)
    | st.sampled_from(["", "a", "1", "web", Unquoted("yes"), "yes"])
)  # fmt: skip
NAMES = st.lists(st.sampled_from(["a", "b", "c", 1, "1", "d", True]), max_size=6)
PORTS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["TCP", "UDP", None])), max_size=5)
KEYS = st.sampled_from(["name", "containers", "ports", "containerPort", "port", "protocol", "env", "x"])


def named(field: str, names: list[Any], values: list[Any]) -> dict[str, Any]:
    return {field: [{"name": name, "v": value} for name, value in zip(names, values, strict=False)]}


def ports(found: list[tuple[int, str | None]]) -> dict[str, Any]:
    return {
        "ports": [{"containerPort": port, **({"protocol": protocol} if protocol else {})} for port, protocol in found]
    }


DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.builds(named, st.sampled_from(["containers", "env", "other"]), NAMES, st.lists(inner, max_size=6))
        | st.builds(ports, PORTS)
    ),
    max_leaves=20,
)


@settings(max_examples=600)
@given(DATA, DATA)
def test_the_changes_made_to_the_left_give_the_right(left: object, right: object) -> None:
    assert equal(apply(left, diff(left, right)), right)


@settings(max_examples=200)
@given(DATA)
def test_nothing_differs_from_itself(data: object) -> None:
    assert diff(data, copy.deepcopy(data)) == []


@given(st.dictionaries(st.text(), SCALARS))
def test_the_order_of_keys_is_no_difference(data: dict[str, Any]) -> None:
    assert diff(data, dict(reversed(data.items()))) == []


WEB = Item(("name",), ("web",))
LOG = Item(("name",), ("log",))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1", 1, [FieldChange((), "changed", "1", 1)]),
        (1, True, [FieldChange((), "changed", 1, True)]),
        (0, False, [FieldChange((), "changed", 0, False)]),
        (1, 1.0, [FieldChange((), "changed", 1, 1.0)]),
        ("yes", Unquoted("yes"), [FieldChange((), "changed", "yes", Unquoted("yes"))]),
        ({"a": None}, {}, [FieldChange(("a",), "removed", None)]),
        ({}, {"a": None}, [FieldChange(("a",), "added", None, None)]),
        ({"a": {}}, {"a": []}, [FieldChange(("a",), "changed", {}, [])]),
        ({"a": [1, 2, 3]}, {"a": [1, 4]}, [
            FieldChange(("a", 1), "changed", 2, 4), FieldChange(("a", 2), "removed", 3),
        ]),
        ({"a": []}, {"a": [{"name": "x"}]}, [FieldChange(("a", 0), "added", None, {"name": "x"})]),
        (
            {"containers": [{"name": "web", "image": "a"}, {"name": "log"}]},
            {"containers": [{"name": "log"}, {"name": "web", "image": "b"}]},
            [
                FieldChange(("containers", WEB, "image"), "changed", "a", "b"),
                FieldChange(("containers",), "reordered", ["web", "log"], ["log", "web"]),
            ],
        ),
        (
            {"containers": [{"name": "web"}]}, {"containers": [{"name": "log"}, {"name": "web"}]},
            [FieldChange(("containers", LOG), "added", None, {"name": "log"}, 0)],
        ),
        (
            {"ports": [{"port": 53}, {"port": 53, "protocol": "UDP"}]}, {"ports": [{"port": 53, "protocol": "UDP"}]},
            # One port 53 is enough to tell it apart on the right, not on the left
            [FieldChange(("ports", Item(("port", "protocol"), ("53", "TCP"))), "removed", {"port": 53})],
        ),
        (  # two of one name: by position
            {"env": [{"name": "A", "v": 1}, {"name": "A", "v": 2}]}, {"env": [{"name": "A", "v": 2}]},
            [
                FieldChange(("env", 0, "v"), "changed", 1, 2),
                FieldChange(("env", 1), "removed", {"name": "A", "v": 2}),
            ],
        ),
        (  # Kubernetes doesn't merge these by name
            {"tolerations": [{"name": "a"}, {"name": "b"}]}, {"tolerations": [{"name": "b"}]},
            [
                FieldChange(("tolerations", 0, "name"), "changed", "a", "b"),
                FieldChange(("tolerations", 1), "removed", {"name": "b"}),
            ],
        ),
        (
            {"env": [{"name": "1", "v": "x"}]}, {"env": [{"name": 1, "v": "x"}]},
            [FieldChange(("env", Item(("name",), ("1",)), "name"), "changed", "1", 1)],
        ),
    ],
)  # fmt: skip
def test_what_counts_as_a_change(left: Any, right: Any, expected: list[FieldChange]) -> None:
    found = diff(left, right)
    assert found == expected
    assert all(same(ours.new, theirs.new) for ours, theirs in zip(found, expected, strict=True) if ours.path == ())
