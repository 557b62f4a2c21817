"""What a Secret holds, and what is known to be secret, is in no form of a comparison."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.cli.diff.data import as_data
from shipper.cli.diff.view import as_text
from shipper.render.diff.compare import compare
from shipper.render.diff.masks import Masks, secret_spans
from shipper.render.diff.patch import patch
from shipper.render.diff.sides import Side, SideFile
from shipper.render.diff.unified import Version, file_patch
from shipper.render.secrets import MASK

OLD, NEW = "canary-before-1", "canary-after-22"
HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"

SECRETS = {
    "data": HEAD + "data: {a: VALUE}\n",
    "block": HEAD + "stringData:\n  a: |\n    first\n    VALUE\n  b: same\n",
    "folded": HEAD + "stringData:\n  a: >-\n    first\n    VALUE\n",
    "quoted": HEAD + 'stringData: {"a": "x\\tVALUE"}\n',
    "before kind": "stringData:\n  a: VALUE\nmetadata: {name: s}\nkind: Secret\napiVersion: v1\n",
    "quoted kind": HEAD.replace("Secret", '"\\x53ecret"') + "data: {a: VALUE}\n",
    "deep": HEAD + "data: {a: {b: [VALUE]}}\n",
    "whole": HEAD + "data: VALUE\n",
    "many": f"{HEAD}data: {{a: b}}\n---\n{HEAD.replace('name: s', 'name: t')}data: {{a: VALUE}}\n",
    "list": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  data: {a: VALUE}\n",
    "secret list": "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n  data: {a: VALUE}\n",
    "nested": "apiVersion: x/v1\nkind: Bundle\nspec: {objects: {one: {kind: Secret, data: {a: VALUE}}}}\n",
    "by a merge key": "apiVersion: x/v1\nkind: B\nsecrets: [{name: one, kind: Secret, data: {a: VALUE}}]\n",
    "in a text": "apiVersion: v1\nkind: ConfigMap\ndata:\n  s.yaml: |\n    kind: Secret\n    data: {a: VALUE}\n",
    "in an annotation": HEAD.replace("name: s", """name: s, annotations: {x: '{"kind":"Secret","data":"VALUE"}'}"""),
    "kind with a tag": HEAD.replace("Secret", "!!str Secret") + "data: {a: VALUE}\n",
    "kind in a block": HEAD.replace("Secret", ">-\n  Secret") + "data: {a: VALUE}\n",
    "kind by an alias": "x: &k Secret\napiVersion: v1\nkind: *k\ndata: {a: VALUE}\n",
    "kind twice": "apiVersion: v1\nkind: Secret\nkind: ConfigMap\ndata: {a: VALUE}\n",
    "merged data": HEAD + "<<: {data: {a: VALUE}}\n",
    "merged kind": "x: &x {kind: Secret}\napiVersion: v1\n<<: *x\ndata: {a: VALUE}\n",
    "key by an alias": HEAD + "x: &x data\n*x : {a: VALUE}\n",
    "broken with a tag": HEAD.replace("Secret", "!!str Secret") + "data: {a: [VALUE\n",
    "json": json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "VALUE"}}),
    "json emoji": json.dumps({"apiVersion": "v1", "kind": "Secret", "data": {"b": "\U0001f600", "a": "VALUE"}}, indent=1),
    "merge": HEAD + "x: &x {a: VALUE}\ndata: {<<: *x}\n",
    "twice": HEAD + "data: {a: VALUE}\ndata: {a: VALUE}\n",
    "tagged": HEAD + "data: {a: !!binary VALUE}\n",
    "anchored": HEAD + "data: {a: &a VALUE}\n",
    "complex key": HEAD + "data: {? [x] : VALUE}\n",
    "broken": HEAD + "data: {a: [VALUE\n",
    "template": HEAD + "data:\n  {{ if .Values.x }}\n  a: VALUE\n  {{ end }}\n",
}  # fmt: skip


def shown(left: dict[str, str], right: dict[str, str], masks: Masks) -> dict[str, str]:
    """All that a comparison shows, by format."""
    sides = [
        Side("side", {dest: SideFile(text.encode("utf-8", "surrogateescape"), 0o644) for dest, text in files.items()})
        for files in (left, right)
    ]
    found = compare(sides[0], sides[1], masks)
    return {
        "text": as_text(found, color=False),
        "json": json.dumps(as_data(found)),
        "patch": patch(sides[0].files, sides[1].files, masks).text,
    }


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("dest", ["s.yaml", "s.json", "s.txt", "s.tpl"])
def test_no_format_shows_what_a_secret_holds(name: str, dest: str) -> None:
    if name in {"quoted kind", "kind by an alias"} and dest not in {"s.yaml", "s.json"}:
        pytest.skip("a kind with escapes is looked for in manifests only")
    old, new = (SECRETS[name].replace("VALUE", value) for value in (OLD, NEW))
    for left, right in (
        ({dest: old}, {dest: new}),
        ({dest: old}, {}),
        ({}, {dest: new}),
        ({dest: old}, {dest: new + "\nx: 1\n"}),
    ):
        for form, text in shown(left, right, Masks(())).items():
            assert OLD not in text, form
            assert NEW not in text, form
            assert text or form == "text"


@pytest.mark.parametrize("name", ["data", "block", "json", "broken"])
def test_on_request_all_is_shown(name: str) -> None:
    old, new = (SECRETS[name].replace("VALUE", value) for value in (OLD, NEW))
    masks = Masks({"k"}, show=True)
    dest = "s.json" if name == "json" else "s.yaml"
    found = shown({dest: old}, {dest: new}, masks)
    assert found["patch"] == file_patch(dest, Version(old.encode(), 0o644), Version(new.encode(), 0o644))
    assert name == "broken" or (OLD in found["json"] and NEW in found["text"])


def test_that_it_changed_is_shown() -> None:
    old, new = (HEAD + f"data:\n  a: {value}\n  b: same\n" for value in (OLD, NEW))
    found = shown({"s.yaml": old}, {"s.yaml": new}, Masks(()))
    assert "~ data.a: changed, not shown" in found["text"]
    field = json.loads(found["json"])["documents"][0]["fields"][0]
    assert (field["path"], field["old"], field["new"], field["secret"]) == ("data.a", MASK, MASK, True)
    assert f"-  a: {MASK} (before)\n+  a: {MASK} (after)\n   b: {MASK}\n" in found["patch"]


def config(value: str, more: str = "") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  url: {value}\n{more}"


PASSWORD = "hunter2secret"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (config("postgres://u:was-secret@db"), config(f"postgres://u:{PASSWORD}@db")),
        (config(f"postgres://u:{PASSWORD}@db"), config("postgres://u:was-secret@db")),
        (config("was-secret"), config(b64encode(PASSWORD.encode()).decode())),
        (config(f"|\n    x\n    {PASSWORD}"), config("|\n    x\n    was-secret")),
        (config(f"{{a: {PASSWORD}}}"), config("was-secret")),
        (config(PASSWORD), ""),
        ("", config("x", f"  {PASSWORD}: y\n")),
        (config("x"), config("x", f"  {PASSWORD}: {PASSWORD}\n")),
    ],
)
def test_no_format_shows_a_known_secret_nor_what_it_was_before(old: str, new: str) -> None:
    for dest in ("c.yaml", "c.txt", f"{PASSWORD}.yaml"):
        files = [{dest: text} if text else {} for text in (old, new)]
        for form, text in shown(files[0], files[1], Masks({PASSWORD})).items():
            for trace in (PASSWORD, b64encode(PASSWORD.encode()).decode().rstrip("="), "was-secret"):
                assert trace not in text, form
            assert MASK in text or form == "text" or "differ" in text


def test_a_patch_hides_a_secret_with_aliases_as_a_whole() -> None:
    old, new = (HEAD + f"x: &x {value}\ndata: {{a: *x}}\n" for value in (OLD, NEW))
    made = shown({"s.yaml": old}, {"s.yaml": new}, Masks(()))["patch"]
    assert made == ("diff --git a/s.yaml b/s.yaml\nFiles that may hold Secrets, a/s.yaml and b/s.yaml differ\n")


def test_a_number_may_be_a_password() -> None:
    found = shown({"c.yaml": config("1234")}, {"c.yaml": config("98127634")}, Masks({"98127634"}))
    assert not any("98127634" in text or "1234" in text for text in found.values())


def test_a_binary_file_with_a_secret_is_not_shown() -> None:
    left, right = {"a": SideFile(b"\0", 0o644)}, {"a": SideFile(b"\0" + PASSWORD.encode(), 0o644)}
    made = patch(left, right, Masks({PASSWORD}))
    assert made == ("diff --git a/a b/a\nBinary files a/a and b/a differ\n", True)
    assert "GIT binary patch" in patch(left, right, Masks({"other"})).text


def test_what_is_not_secret_is_exact() -> None:
    old, new = {"a.yaml": config("x")}, {"a.yaml": config("y"), "kind.txt": "kind: SecretStore\na: b"}
    assert shown(old, new, Masks({"other"})) == shown(old, new, Masks((), show=True))


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab:{}[]-&*|>'\"? \n\0kindSecretdata,!%#\u2028é"), max_size=60))
def test_spans_lie_in_the_text_and_apart(text: str) -> None:
    spans = secret_spans("a.yaml", text)
    places = [place for span in spans or () for place in (span.start, span.end)]
    assert places == sorted(places)
    assert not places or places[-1] <= len(text)
