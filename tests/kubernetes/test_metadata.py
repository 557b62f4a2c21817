"""Changing metadata in the text: what was asked for, and nothing else, in whatever style the author writes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.errors import TemplateError
from shipper.kubernetes.metadata import Change, with_metadata
from shipper.kubernetes.tree import NoYamlError
from tests.tools import kubectl_read

CHANGE = Change("prod", {"team": "payments", "n": "5"}, {"example.com/id": "x"})
SHORT = Change(labels={"team": "pay"})


def changed(text: str, change: Change = CHANGE, **options: bool) -> str:
    return with_metadata(text, change, **options).text


def expected(document: Any, change: Change) -> Any:
    """The change on data: what PyYAML must read from the changed text."""
    if not isinstance(document, dict) or not document.get("apiVersion") or not document.get("kind"):
        return document
    if document["kind"] == "List" and isinstance(document.get("items"), list):
        return {**document, "items": [expected(item, change) for item in document["items"]]}
    metadata = dict(document.get("metadata") or {})
    if change.namespace and document["kind"] != "Namespace":
        metadata["namespace"] = change.namespace
    for name, entries in (("labels", change.labels), ("annotations", change.annotations)):
        if entries:
            metadata[name] = {**(metadata.get(name) or {}), **entries}
    return {**document, "metadata": metadata} if metadata else document


BLOCK = """\
# the app
apiVersion: v1   # always
kind: ConfigMap
metadata:
    name: web  # its name
    labels:
        app: "web"

    # foot
data:
    a: |
        kind: x
"""


def test_only_new_lines_are_written() -> None:
    assert changed(BLOCK) == (
        "# the app\n"
        "apiVersion: v1   # always\n"
        "kind: ConfigMap\n"
        "metadata:\n"
        "    name: web  # its name\n"
        "    namespace: prod\n"
        "    labels:\n"
        '        app: "web"\n'
        "        team: payments\n"
        '        "n": "5"\n'
        "    annotations:\n"
        "      example.com/id: x\n"
        "\n"
        "    # foot\n"
        "data:\n"
        "    a: |\n"
        "        kind: x\n"
    )


def test_nothing_to_change_changes_nothing() -> None:
    assert changed(BLOCK, Change()) == BLOCK
    once = changed(BLOCK)
    assert changed(once) == once


HEAD = "apiVersion: v1\nkind: A\n"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (HEAD, HEAD + "metadata:\n  labels:\n    team: pay\n"),
        (HEAD.rstrip(), HEAD + "metadata:\n  labels:\n    team: pay"),
        (HEAD + "spec: {}\n", HEAD + "metadata:\n  labels:\n    team: pay\nspec: {}\n"),
        (HEAD + "metadata:\n", HEAD + "metadata: {labels: {team: pay}}\n"),
        (HEAD + "metadata: # none\n", HEAD + "metadata: {labels: {team: pay}} # none\n"),
        (HEAD + "metadata: null # none\n", HEAD + "metadata: {labels: {team: pay}} # none\n"),
        (HEAD + "metadata: ~\n", HEAD + "metadata: {labels: {team: pay}}\n"),
        (HEAD + "metadata: {}\n", HEAD + "metadata: {labels: {team: pay}}\n"),
        (HEAD + "metadata: { }\n", HEAD + "metadata: {labels: {team: pay} }\n"),
        (HEAD + "metadata: {name: x}\n", HEAD + "metadata: {name: x, labels: {team: pay}}\n"),
        (HEAD + "metadata: {name: x,}\n", HEAD + "metadata: {name: x, labels: {team: pay},}\n"),
        (HEAD + "metadata: {name: }\n", HEAD + "metadata: {labels: {team: pay}, name: }\n"),
        (HEAD + 'metadata: {"name":"x"}\n', HEAD + 'metadata: {"name":"x", "labels": {"team": "pay"}}\n'),
        (HEAD + "metadata: {\n  name: x # c\n}\n", HEAD + "metadata: {\n  name: x,\n  labels: {team: pay} # c\n}\n"),
        (HEAD + '"metadata":\n  \'labels\':\n    a: b\n', HEAD + '"metadata":\n  \'labels\':\n    a: b\n    team: pay\n'),
        (HEAD + "metadata:\n  labels: {}\n", HEAD + "metadata:\n  labels: {team: pay}\n"),
        (HEAD + "metadata:\n  labels:\n  name: x\n", HEAD + "metadata:\n  labels: {team: pay}\n  name: x\n"),
        (HEAD + "metadata:\n  labels:\n    team: old # c\n", HEAD + "metadata:\n  labels:\n    team: pay # c\n"),
        (HEAD + "metadata:\n  labels:\n    team: 'pay'\n", HEAD + "metadata:\n  labels:\n    team: 'pay'\n"),
        (HEAD + "metadata:\n  labels:\n    team:\n    b: c\n", HEAD + "metadata:\n  labels:\n    team: pay\n    b: c\n"),
        (HEAD + "metadata:\n  labels:\n    team: |\n      x\n", HEAD + "metadata:\n  labels:\n    team: pay\n"),
        (HEAD + "metadata:\n  labels: &l\n    a: b\n", HEAD + "metadata:\n  labels: &l\n    a: b\n    team: pay\n"),
        (
            HEAD + "metadata:\n  labels:\n    <<: &c {a: b}\n    d: e\n",
            HEAD + "metadata:\n  labels:\n    <<: &c {a: b}\n    d: e\n    team: pay\n",
        ),
        (
            HEAD + "metadata:\n  annotations:\n    a: |\n      b\n\n---\n",
            HEAD + "metadata:\n  annotations:\n    a: |\n      b\n\n  labels:\n    team: pay\n---\n",
        ),
        (
            HEAD + "metadata:\n  annotations:\n    a: |\n      b",
            HEAD + "metadata:\n  labels:\n    team: pay\n  annotations:\n    a: |\n      b",
        ),
        (
            HEAD.replace("\n", "\r\n") + "metadata:\r\n  name: x\r\n",
            HEAD.replace("\n", "\r\n") + "metadata:\r\n  name: x\r\n  labels:\r\n    team: pay\r\n",
        ),
        (
            "%YAML 1.1\n--- # a\n" + HEAD + "...\n---\na: 1\n--- {kind: B, apiVersion: v1}\n",
            "%YAML 1.1\n--- # a\n" + HEAD + "metadata:\n  labels:\n    team: pay\n...\n---\na: 1\n"
            "--- {kind: B, apiVersion: v1, metadata: {labels: {team: pay}}}\n",
        ),
        (
            "kind: List\napiVersion: v1\nitems:\n- kind: A\n  apiVersion: v1\n-   apiVersion: v1\n    kind: B\n- x\n",
            (
                "kind: List\napiVersion: v1\nitems:\n- kind: A\n  apiVersion: v1\n  metadata:\n    labels:\n      team: pay\n"
            "-   apiVersion: v1\n    kind: B\n    metadata:\n      labels:\n        team: pay\n- x\n"
            ),
        ),
        (
            "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: x}\n",
            "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: x, labels: {team: pay}}\n",
        ),
        ("kind: List\napiVersion: v1\nitems: []\n", "kind: List\napiVersion: v1\nitems: []\n"),
    ],
)  # fmt: skip
def test_every_style_of_the_author_stays(text: str, result: str) -> None:
    assert changed(text, SHORT) == result
    assert changed(result, SHORT) == result


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "---\n...\n", "a: 1\n", "- apiVersion: v1\n  kind: A\n", "text", "kind: A\n", "kind: {}\napiVersion: v1\n"],
)  # fmt: skip
def test_what_is_no_object_stays(text: str) -> None:
    assert changed(text) == text


def test_json_stays_json() -> None:
    text = '{\n\t"apiVersion":"v1",\n\t"kind":"A",\n\t"metadata":{"name":"\\ud83d\\ude00","labels":null},\n\t"b":[]\n}'
    result = changed(text, json=True)
    assert json.loads(result) == expected(json.loads(text), CHANGE)
    assert result.startswith('{\n\t"apiVersion":"v1",\n\t"kind":"A",\n\t"metadata":{"name":"\\ud83d\\ude00",')
    assert result.endswith(',\n\t"b":[]\n}')
    bare = '{\n  "apiVersion": "v1",\n  "kind": "A"\n}\n'
    assert changed(bare, SHORT, json=True) == (
        '{\n  "apiVersion": "v1",\n  "kind": "A",\n  "metadata": {"labels": {"team": "pay"}}\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (HEAD + "metadata:\n  namespace: other\n", 'A "" is in the namespace "other", not in "prod"', 4),
        (HEAD + "spec: &m {namespace: other}\nmetadata: {<<: *m}\n", "is in the namespace", 3),
        (HEAD + "spec: &m {labels: {a: b}}\nmetadata: {<<: *m}\n", '"metadata.labels" comes from a merge key', 4),
        (HEAD + "spec: &m {a: b}\nmetadata: *m\n", '"metadata" is an alias', 4),
        (HEAD + "spec: &m {a: b}\nmetadata:\n  labels: *m\n", '"metadata.labels" is an alias', 5),
        (HEAD + "metadata:\n  labels: &m\n    a: b\nspec: *m\n", '"metadata.labels" has the anchor "m"', 4),
        (HEAD + "metadata:\n  labels: {team: &m b}\nspec: *m\n", '"metadata.labels.team" has the anchor "m"', 4),
        (HEAD + "metadata: []\n", '"metadata" is no map', 3),
        (HEAD + "metadata: text\n", '"metadata" is no map', 3),
        (HEAD + "metadata: {labels: {team: []}}\n", '"metadata.labels.team" is no text', 3),
        (HEAD + "metadata: {labels: {n: x}}\n", 'the key of "metadata.labels.n" is no text', 3),
        (HEAD + "spec: &n metadata\n*n : {name: a}\n", 'the key "*n" is an alias', 4),
        (HEAD + "spec: &n namespace\nmetadata: {*n : other}\n", 'the key "*n" is an alias', 4),
        (HEAD + "metadata: {}\nmetadata: {}\n", '"metadata" is there twice', 4),
        ("kind: List\napiVersion: v1\nitems: [&a {kind: A, apiVersion: v1}, *a]\n", "an item of a List is an alias", 3),
    ],
)
def test_what_cannot_be_changed_alone_is_an_error(text: str, message: str, line: int) -> None:
    with pytest.raises(TemplateError) as caught:
        changed(text)
    assert message in caught.value.message
    assert caught.value.position is not None
    assert caught.value.position.line == line


def test_the_namespace_may_be_there_already() -> None:
    text = HEAD + "spec: &n prod\nmetadata:\n  namespace: *n\n"
    assert changed(text, Change("prod")) == text
    for empty in ("", " ''", " null"):
        assert yaml.safe_load(changed(HEAD + f"metadata:\n  namespace:{empty}\n", Change("prod")))["metadata"] == {
            "namespace": "prod"
        }


@pytest.mark.parametrize(
    ("api_version", "kind", "namespaced"),
    [
        ("v1", "Pod", True),
        ("v1", "Namespace", False),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", False),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", True),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", False),
        ("example.com/v1", "Node", True),
        ("example.com/v1", "Anything", True),
    ],
)
def test_only_what_belongs_to_a_namespace_gets_one(api_version: str, kind: str, namespaced: bool) -> None:
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n"
    found = yaml.safe_load(changed(text, Change("prod")))["metadata"]
    assert found == ({"name": "x", "namespace": "prod"} if namespaced else {"name": "x"})


def test_namespaces_are_told() -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n" + HEAD
    assert with_metadata(text, Change("prod")).namespaces == ("a",)


def test_no_yaml() -> None:
    with pytest.raises(NoYamlError):
        changed("a: [")


# --- any document in any style

names = st.sampled_from(["a", "app.kubernetes.io/name", "team", "yes", "5", "x y", "über", "# a", "a: b", "'"])
texts = st.one_of(
    names, st.sampled_from(["", "prod", "null", "1e3", "multi\nline\n", " lead", "trail \n\n", "{{ x }}"])
)
maps = st.dictionaries(names, texts, max_size=3)
metadata = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["web", "5", "x" * 90]),
            "namespace": st.sampled_from(["prod", "", None]),
            "labels": st.one_of(st.none(), maps),
            "annotations": st.one_of(st.none(), maps),
            "finalizers": st.lists(texts, max_size=2),
            "ownerReferences": st.lists(maps, max_size=2),
        },
    ),
)
data = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2), max_leaves=5
)
objects = st.builds(
    lambda kind, version, rest, found, order: dict(
        order(
            [
                ("apiVersion", version),
                ("kind", kind),
                *rest.items(),
                *([("metadata", found)] if found != {"-": 1} else []),
            ]
        )
    ),
    st.sampled_from(["Pod", "Namespace", "Thing"]),
    st.sampled_from(["v1", "apps/v1"]),
    st.fixed_dictionaries({}, optional={"spec": data, "data": data}),
    st.one_of(metadata, st.just({"-": 1})),
    st.sampled_from([lambda pairs: pairs, lambda pairs: pairs[::-1], lambda pairs: pairs[2:] + pairs[:2]]),
)
lists = st.builds(lambda items: {"apiVersion": "v1", "kind": "List", "items": items}, st.lists(objects, max_size=3))
anything = st.one_of(objects, lists, data)
changes = st.builds(Change, st.sampled_from(["", "prod"]), maps, maps)


@st.composite
def written(draw: st.DrawFn, flows: tuple[bool | None, ...] = (False, None, True)) -> str:
    """Some documents as PyYAML writes them, with comments, empty lines, empty values and other line breaks."""
    parts = []
    for document in draw(st.lists(anything, min_size=1, max_size=3)):
        flow = draw(st.sampled_from(flows))
        style = draw(st.sampled_from([None, None, '"', "'", "|", ">"]))
        parts.append(
            yaml.safe_dump(
                document, default_flow_style=flow, default_style=style, indent=draw(st.integers(2, 5)),
                width=draw(st.sampled_from([20, 4096])), sort_keys=False, allow_unicode=True, explicit_start=True,
            )
        )  # fmt: skip
    text = "".join(parts)
    if draw(st.booleans()) and "null" in text:
        text = text.replace(": null\n", ":\n")
    if draw(st.booleans()):
        commented = "\n".join(f"{line} # c" if line.endswith(("v1", "web", "}")) else line for line in text.split("\n"))
        if list(yaml.safe_load_all(commented)) == list(yaml.safe_load_all(text)):
            text = commented
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(max_examples=400)
@given(written(), changes)
def test_any_document_gets_the_change_and_nothing_else(text: str, change: Change) -> None:
    before = list(yaml.safe_load_all(text))
    result = changed(text, change)
    assert list(yaml.safe_load_all(result)) == [expected(document, change) for document in before]
    assert changed(result, change) == result


@settings(max_examples=200)
@given(written(flows=(False,)))
def test_every_line_of_the_author_stays(text: str) -> None:
    result = changed(text, Change(labels={"new": "x"}, annotations={"new": "y"}))
    other = iter([*result.splitlines(), None])
    for line in text.splitlines():
        if re.search(r"(metadata|labels|annotations|apiVersion)['\"]?:|\[\]|\{\}|null$", line):
            continue  # may be filled in, or stand on the same line as what is
        for found in other:
            assert found is not None, f"lost: {line!r}"
            if found is not None and found.lstrip("- ") == line.lstrip("- "):  # the first key of an item may move down
                break


@settings(max_examples=200)
@given(st.one_of(objects, lists), changes, st.sampled_from([None, 1, 4, "\t"]), st.booleans())
def test_any_json_gets_the_change_and_stays_json(document: Any, change: Change, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    assert json.loads(changed(text, change, json=True)) == expected(document, change)


@settings(max_examples=300)
@given(st.text(alphabet="aA:{}[],-?&*!|>'\"#% \n\tk1~<", max_size=40), changes)
def test_any_text_is_changed_or_refused(rest: str, change: Change) -> None:
    text = f"apiVersion: v1\nkind: A\nmetadata:{rest}\n"
    try:
        result = changed(text, change)
    except TemplateError:
        return
    assert changed(result, change) == result


@pytest.mark.usefixtures("kubectl")
def test_kubectl_reads_the_same() -> None:
    texts = [
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, labels: {'n': x}}\n",
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n    "name": c\n    annotations:\n        a: |\n            b\n',
    ]
    found = kubectl_read("---\n".join(changed(text) for text in texts))
    assert [each["metadata"]["namespace"] for each in found] == ["prod"] * 3
    assert all({**each["metadata"]["labels"], **CHANGE.labels} == each["metadata"]["labels"] for each in found)
    assert found[2]["metadata"]["annotations"] == {"a": "b\n", "example.com/id": "x"}
