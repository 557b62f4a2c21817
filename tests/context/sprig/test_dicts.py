"""Maps: in the order of keys, and changed in place only where the template made them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.context.go.values import Map, Record
from shipper.errors import TemplateError
from tests.context.sample import FACTS, render
from tests.context.sprig.given import VALUES, call, check, refuse

TABLE = [
    ('dict "b" 1 "a" (list 1)', "map[a:[1] b:1]"),
    ('dict 1 2 "three" "four" 5', "map[1:2 5: three:four]"),
    ("dict", "map[]"),
    ('dict "a" 1 "a" 2', "map[a:2]"),
    ('get (dict "one" 1) "one"', "1"),
    ('get (dict) "x" | quote', '""'),
    ('hasKey (dict "a" nil) "a"', "true"),
    ('hasKey (dict) "a"', "false"),
    ('$d := dict "one" 1 }}{{repl $_ := set $d "two" 2 }}{{repl $d.two }}{{repl $d', "2map[one:1 two:2]"),
    ('$tls := dict "ca" "x" }}{{repl $_ := set $tls "cert" (dict "Key" "k") }}{{repl $tls.cert.Key', "k"),
    ('$d := dict "a" 1 "b" 2 }}{{repl $_ := unset $d "a" }}{{repl $_ := unset $d "x" }}{{repl $d', "map[b:2]"),
    ('set (split "," "a") "_1" "b"', "map[_0:a _1:b]"),
    ('pluck "two" (dict "two" 1) (dict) (dict "two" 2)', "[1 2]"),
    ('keys (dict "b" 1 "a" 2) (dict "a" 3)', "[a b a]"),
    ("dict | keys", "[]"),
    ('values (dict "b" 1 "a" 2)', "[2 1]"),
    ('pick (dict "a" 1 "b" 2) "a" "x"', "map[a:1]"),
    ('omit (dict "a" 1 "b" 2) "a" "x"', "map[b:2]"),
    ('dig "a" "b" "none" (dict "a" (dict "b" 1))', "1"),
    ('dig "a" "x" "none" (dict "a" (dict "b" 1))', "none"),
    ('dict "a" nil | dig "a" "b" "none"', "none"),
    ('merge (dict "a" 1 "z" 0 "n" (dict "x" "")) (dict "a" 2 "z" 5 "n" (dict "x" 1 "y" 2)) (dict "w" 3)', "map[a:1 n:map[x:1 y:2] w:3 z:5]"),
    ('merge (dict "a" (list 1)) (dict "a" (list 2))', "map[a:[1]]"),
    ('merge (dict "a" 1) (dict "b" nil)', "map[a:1]"),
    ('mustMerge (dict) (dict "a" 1)', "map[a:1]"),
    ('mergeOverwrite (dict "a" 1 "n" (dict "x" 1 "y" 1)) (dict "a" 2 "n" (dict "x" 0)) (dict "a" 3)', "map[a:3 n:map[x:0 y:1]]"),
    ('mustMergeOverwrite (dict "a" (dict "b" 1)) (dict "a" 2)', "map[a:2]"),
    ('$a := dict "a" 1 }}{{repl $_ := merge $a (dict "b" 2) }}{{repl $a', "map[a:1 b:2]"),
    ('$a := dict "n" (dict "x" 1) }}{{repl $b := deepCopy $a }}{{repl $_ := set $b.n "x" 2 }}{{repl $a }}{{repl $b', "map[n:map[x:1]]map[n:map[x:2]]"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "expected"), TABLE)
def test_gives_what_sprig_gives(template: str, expected: str) -> None:
    check(template, expected)


REFUSED = [
    ('get "a" "b"', "get: needs a map, not text"),
    ('set (list) "a" 1', "set: needs a map, not a list"),
    ("hasKey (dict) 1", 'hasKey: "key" must be text, not an integer'),
    ("pick (dict) 1", 'pick: "keys" must be text'),
    ('dig "a" (dict)', "dig: needs a key and a default before the map"),
    ('dig "a" "b" "d" (dict "a" 1)', "dig: needs a map, not an integer"),
    ('dig 1 "d" (dict)', "dig: a key is text, not an integer"),
    ('$d := dict }}{{repl set $d "x" (list 1 (dict "y" $d))', "set: the map would hold itself"),
    ('$d := dict }}{{repl merge $d (dict "x" $d)', "merge: the map would hold itself"),
    ('$i := dict }}{{repl merge (dict "k" $i) (dict "k" (dict "x" $i))', "merge: the map would hold itself"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "message"), REFUSED)
def test_refuses(template: str, message: str) -> None:
    refuse(template, message)


@pytest.mark.parametrize("shared", [{"a": 1}, Record({"a": 1}, "a")])
def test_what_others_share_is_never_changed(shared: dict[str, object]) -> None:
    for name, *args in (("set", "a", 2), ("unset", "a")):
        with pytest.raises(TemplateError, match="was not made here"):
            call(name, shared, *args)
    assert call("mergeOverwrite", shared, {"a": 2, "b": 3}) == {"a": 2, "b": 3}
    inner = Map(n=shared)
    call("mergeOverwrite", inner, {"n": {"a": 3}})
    assert shared == {"a": 1}
    assert inner["n"] != shared or isinstance(shared, Record)


def test_jinja_cannot_change_a_map() -> None:
    for name in ("set", "unset"):
        with pytest.raises(TemplateError, match="not defined"):
            render(f"{{{{ {name}(entitlements, 'num_seats', 1) }}}}")
    assert render("{{ merge(entitlements, {'x': 1}).x }}{{ 'x' in entitlements }}", FACTS) == "1false"


def test_jinja_looks_into_maps_that_functions_make() -> None:
    assert (
        render('{% set d = pick({"a": {"b": 1}}, "a") %}{{ d.a.b }}{{ d["a"].b }}{{ d.items() | list | length }}')
        == "111"
    )


@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=5), st.dictionaries(st.text(max_size=4), VALUES, max_size=5)
)
def test_merging_leaves_its_sources_alone(one: dict[str, object], other: dict[str, object]) -> None:
    before = repr((one, other))
    merged = call("mergeOverwrite", one, other)
    call("merge", one, other)
    assert repr((one, other)) == before
    assert set(merged) == set(one) | {key for key, value in other.items() if value is not None}


@given(st.dictionaries(st.text(max_size=4), st.integers(), max_size=6), st.lists(st.text(max_size=4), max_size=4))
def test_pick_and_omit_part_a_map(given_map: dict[str, object], names: list[str]) -> None:
    assert {**call("pick", given_map, *names), **call("omit", given_map, *names)} == given_map
    assert call("keys", given_map) == sorted(given_map)
