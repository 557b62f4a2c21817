from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import SpecError, TemplateError
from shipper.kubernetes import documents, json_documents

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: {name: x}\n  namespace: n\nspec:\n  name: y\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("# nothing\n---\n---\nnull\n...\n", []),
        (POD, [(POD, 1)]),
        ("---\n" + POD, [(POD, 2)]),
        ("# why\n---\n" + POD, [("# why\n" + POD, 3)]),
        (POD + "---\n# what\n" + POD, [(POD, 1), ("# what\n" + POD, 11)]),
        (POD + "...\n# why\n---\n" + POD, [(POD, 1), ("# why\n" + POD, 12)]),
        ("%YAML 1.1\n---\n" + POD, [(POD, 3)]),
        ("a: |\n  ---\n  b\n--- # c\nd: 1\n", [("a: |\n  ---\n  b\n", 1), (" # c\nd: 1\n", 5)]),
        ("--- {a: 1}\n--- {b: 2}", [(" {a: 1}\n", 1), (" {b: 2}", 2)]),
        ("a: 1\r\n---\r\nb: 2\r\n", [("a: 1\r\n", 1), ("b: 2\r\n", 3)]),
    ],
)
def test_splits(text: str, found: list[tuple[str, int]]) -> None:
    assert [(document.text, document.line) for document in documents(text)] == found


def test_identifies() -> None:
    [document] = documents(POD)
    assert document[2:] == ("v1", "Pod", "", False, ())
    [document] = documents("{apiVersion: &v apps/v1, kind: *v, metadata: {name: &n m, namespace: ~}, x: {? [q] : *n}}")
    assert document[2:] == ("apps/v1", "apps/v1", "", False, ())
    [document] = documents("metadata:\n  ? [name]\n  : x\n  name: y\nlist: [name, z]\napiVersion: v1\nkind: List\n")
    assert document[2:] == ("v1", "List", "", False, ())


@pytest.mark.parametrize(
    ("text", "problem", "begun"),
    [
        ("- a\n", "a list, not a map", False),
        ("'null'\n", "a text, not a map", False),
        ("{}\n", "no apiVersion and no kind", False),
        ("a: {apiVersion: v1}\nitems: [{kind: A}]", "no apiVersion and no kind", False),
        ("kind: A\n", "no apiVersion", True),
        ("apiVersion: v1\nkind: [A]\n", "no kind", True),
        ("apiVersion: v1\nkind: {A: b}\n", "no kind", True),
        ("apiVersion: v1\nspec: {kind: A}\n", "no kind", True),
        ("apiVersion: v1\nkind: ''\n", "no kind", True),
        ("apiVersion:\nkind: ~\n", "no apiVersion and no kind", True),
    ],
)
def test_says_what_is_no_object(text: str, problem: str, begun: bool) -> None:
    [document] = documents(text)
    assert (document.problem, document.begun) == (problem, begun)


def test_a_byte_order_mark_shifts_nothing() -> None:
    assert [document.text for document in documents("\ufeffa: 1")] == ["a: 1"]
    assert [document.text for document in documents("\ufeffa: 1\n---\nb: 2\n")] == ["a: 1\n", "b: 2\n"]


def test_json() -> None:
    text = '\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\\ud83d\\ude00", "namespace": 3}}\n'
    assert json_documents(text) == [(text, 2, "v1", "Pod", "", False, ())]
    assert json_documents("[1]")[0].problem == "a list, not a map"
    with pytest.raises(TemplateError, match=r"^f:1:2: no valid JSON"):
        json_documents("{", "f")


def test_refuses() -> None:
    with pytest.raises(TemplateError, match=r"^f:2:4: no valid YAML"):
        documents("a:\n  [}\n", "f")
    with pytest.raises(TemplateError, match=r'^f:1:16: no valid YAML: no anchor "b"'):
        documents("a: [&a {}, *a, *b]\n", "f")
    with pytest.raises(SpecError, match=r"^f:1:1: %TAG directives are refused"):
        documents("%TAG ! x:\n--- a\n", "f", error=SpecError)


TREES = st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "a"]), st.text(max_size=8), min_size=1)


@given(st.lists(TREES, max_size=4))
def test_splitting_and_joining_keeps_the_data(trees: list[dict[str, str]]) -> None:
    text = "".join(f"---\n{yaml.safe_dump(tree, allow_unicode=True)}" for tree in trees)
    found = documents(text)
    assert [yaml.safe_load(document.text) for document in found] == trees
    assert "".join(f"---\n{document.text}" for document in found) == text
    assert [document.kind for document in found] == [tree.get("kind", "") for tree in trees]


def test_how_deep_a_text_may_be_nested() -> None:
    assert len(documents("[" * 1_000 + "]" * 1_000)) == 1
    with pytest.raises(TemplateError, match="nested deeper than 1,000"):
        documents("[" * 1_000_000)
