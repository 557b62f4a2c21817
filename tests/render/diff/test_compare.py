from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipper.errors import OutputError, UsageError
from shipper.render import RenderOptions
from shipper.render.config import Given
from shipper.render.diff.compare import Comparison, ObjectChange, compare
from shipper.render.diff.documents import Identity, objects
from shipper.render.diff.fields import FieldChange, Unquoted
from shipper.render.diff.masks import Masks
from shipper.render.diff.sides import Side, SideFile, published_side, rendered_side
from shipper.render.publish.publish import OutputFile, publish
from shipper.render.secrets import MASK
from shipper.spec import parse_spec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPTIONS = RenderOptions(now=NOW)


def side(files: dict[str, str | bytes], **more: Any) -> Side:
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    return Side("side", {name: SideFile(content, 0o644) for name, content in contents.items()}, **more)


def compared(left: dict[str, str | bytes], right: dict[str, str | bytes], **more: Any) -> Comparison:
    return compare(side(left), side(right), Masks((), **more))


def fields(found: Comparison) -> list[FieldChange]:
    return [field.change for one in found.objects for field in one.fields]


A = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"
B = A.replace("name: a", "name: b")


def config_map(name: str) -> Identity:
    return Identity("v1", "ConfigMap", "", name)


def test_documents_come_go_and_change() -> None:
    found = compared({"x.yaml": f"{A}---\n{B}"}, {"x.yaml": A.replace("k: v", "k: w"), "y.yaml": B.replace("b", "c")})
    assert found.objects == (
        ObjectChange("changed", config_map("a"), "x.yaml", "x.yaml", found.objects[0].fields),
        ObjectChange("removed", config_map("b"), "x.yaml", ""),
        ObjectChange("added", config_map("c"), "", "y.yaml"),
    )
    assert fields(found) == [FieldChange(("data", "k"), "changed", "v", "w")]
    assert found.files == ()
    assert found.different


def test_a_document_that_moves_is_the_same_one() -> None:
    [moved] = compared({"x.yaml": f"{A}---\n{B}"}, {"x.yaml": A, "y.yaml": B}).objects
    assert moved == ObjectChange("changed", config_map("b"), "x.yaml", "y.yaml")


def test_comments_and_the_order_of_keys_are_layout() -> None:
    found = compared({"x.yaml": A}, {"x.yaml": "# why\nkind: ConfigMap\napiVersion: v1\n" + A.partition("Map\n")[2]})
    assert found.objects == ()
    [file] = found.files
    assert (file.change, file.content, file.added, file.removed) == ("changed", "manifest", 2, 1)
    assert found.different


def test_files_that_are_no_documents_are_counted_in_lines() -> None:
    found = compared(
        {"a.txt": "1\n2\n3\n", "b.yaml": "just: text\n", "c.bin": b"\0", "d.txt": "gone", "same": "x"},
        {"a.txt": "1\n3\n4\n5\n", "b.yaml": "just: [broken\n", "c.bin": b"\0\0", "e.sh": "", "same": "x"},
    )
    assert [(file.change, file.dest, file.content, file.added, file.removed) for file in found.files] == [
        ("changed", "a.txt", "text", 2, 1),
        ("changed", "b.yaml", "text", 1, 1),
        ("changed", "c.bin", "binary", None, None),
        ("removed", "d.txt", "text", 0, 1),
        ("added", "e.sh", "text", 0, 0),
    ]
    assert found.objects == ()


@pytest.mark.parametrize("broken", ["a: [1", "a: 1\na: 2\n", "a: !x 1", "<<: {a: 1}", "- 1", "apiVersion: v1\n"])
def test_what_can_not_be_read_is_compared_as_text(broken: str) -> None:
    found = compared({"x.yaml": A}, {"x.yaml": broken})
    assert [(file.dest, file.content) for file in found.files] == [("x.yaml", "text")]
    assert found.objects == ()


def test_modes() -> None:
    left = Side("l", {"a.yaml": SideFile(A.encode(), 0o644), "b": SideFile(b"", 0o644)})
    right = Side("r", {"a.yaml": SideFile(A.encode(), 0o600), "b": SideFile(b"", 0o755)})
    files = compare(left, right, Masks(())).files
    assert [(file.dest, file.old_mode, file.new_mode) for file in files] == [
        ("a.yaml", 0o644, 0o600),
        ("b", 0o644, 0o755),
    ]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ('"1"', "1", ("1", 1)),
        ("1", "true", (1, True)),
        ("yes", '"yes"', (Unquoted("yes"), "yes")),
        ("0755", "755", (Unquoted("0755"), 755)),
        ("0o17", "15", (Unquoted("0o17"), 15)),
        ("1:20", '"1:20"', (Unquoted("1:20"), "1:20")),
        ("2024-01-01", '"2024-01-01"', (Unquoted("2024-01-01"), "2024-01-01")),
        ("null", '""', (None, "")),
        ("text", '"text"', None),
        ("'a'", '"a"', None),
        ("0x1F", "31", None),
        ("0", "0", None),
        ("|-\n  a", "a", None),
    ],
)
def test_types_are_those_that_yaml_readers_agree_on(left: str, right: str, expected: tuple[Any, Any] | None) -> None:
    head = "apiVersion: v1\nkind: X\nv: "
    found = fields(compared({"x.yaml": head + left}, {"x.yaml": head + right}))
    assert found == ([FieldChange(("v",), "changed", *expected)] if expected else [])
    assert [(type(one.old), type(one.new)) for one in found] == ([tuple(map(type, expected))] if expected else [])


def test_json_and_lists_hold_documents_too() -> None:
    item = '{"apiVersion": "v1", "kind": "A", "metadata": {"name": "n", "namespace": "s"}, "x": "\\ud83d\\ude00"}'
    [one] = objects("a.json", item.encode()) or []
    assert one.identity == Identity("v1", "A", "s", "n")
    listed = objects("a.JSON", f'{{"apiVersion": "v1", "kind": "List", "items": [{item}, {item}]}}'.encode())
    assert listed is not None
    assert [found.identity.name for found in listed] == ["n", "n"]


def test_documents_of_one_identity_are_paired_by_file_then_in_order() -> None:
    def job(value: int) -> str:
        return f"apiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: j-}}\nv: {value}\n"

    found = compared({"a.yaml": job(1), "b.yaml": f"{job(2)}---\n{job(3)}"}, {"b.yaml": f"{job(2)}---\n{job(4)}"})
    assert [(one.change, one.identity.name, one.old_dest) for one in found.objects] == [
        ("removed", "j-*", "a.yaml"), ("changed", "j-*", "b.yaml"),
    ]  # fmt: skip
    assert fields(found) == [FieldChange(("v",), "changed", 3, 4)]


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["a.yaml", "b.txt", "c/d.json"]), st.sampled_from([A, B, "", "x: [", "{}"])))
def test_nothing_differs_from_itself(files: dict[str, str]) -> None:
    found = compared(dict(files), dict(files))
    assert not found.different


SPEC = """\
config.v1:
  - name: g
    items:
      - {name: on, type: bool, default: "0"}
      - {name: pw, type: password}
      - {name: host, default: a.example}
assets.v1:
  - inline: {dest: always.yaml, contents: "apiVersion: v1\\nkind: A\\nhost: {{ config.host }}\\npw: {{ config.pw }}"}
  - inline: {dest: 'some-{{ config.host }}.txt', contents: "", when: config.on and config.host != ""}
"""


def rendered(name: str = "right", **given: str) -> Side:
    options = OPTIONS._replace(given={option: Given(text) for option, text in given.items()})
    return rendered_side(name, parse_spec(SPEC, "spec.yaml"), None, options, NOW)


def test_assets_options_and_why() -> None:
    found = compare(rendered(pw="hunter2"), rendered(on="1", host="b.example", pw="hunter2"), Masks({"hunter2"}))
    [asset] = found.assets
    assert (asset.change, asset.dest, asset.place) == ("added", "some-b.example.txt", "spec.yaml:9:5")
    assert [(value.expression, value.old, value.new) for value in asset.values] == [
        ("config.on", False, True), ("config.host", None, "b.example"),
    ]  # fmt: skip
    assert [field.change for field in found.facts] == [
        FieldChange(("options", "host"), "changed", "a.example", "b.example"),
        FieldChange(("options", "on"), "changed", "0", "1"),
    ]


def publish_to(folder: Any, made: Side, **more: Any) -> None:
    publish((OutputFile(dest, file.content, file.mode) for dest, file in made.files.items()), str(folder), **more)


def test_a_published_tree(tmp_path: Any) -> None:
    folder = tmp_path / "out"
    publish_to(folder, rendered(on="1"))
    (folder / "foreign.txt").write_text("not ours")
    left = published_side(str(folder))
    assert sorted(left.files) == ["always.yaml", "some-a.example.txt"]
    assert not compare(left, rendered(on="1"), Masks(())).different
    found = compare(left, rendered(on="0"), Masks(()))
    assert [(asset.change, asset.dest) for asset in found.assets] == [("removed", "some-a.example.txt")]
    assert [(file.change, file.dest) for file in found.files] == [("removed", "some-a.example.txt")]


def test_what_was_changed_in_a_published_tree_since(tmp_path: Any) -> None:
    folder = tmp_path / "out"
    publish_to(folder, side({"a.yaml": A, "b/c.txt": "x", "d": "y", "e/f": "z"}))
    (folder / "a.yaml").write_text(A.replace("k: v", "k: mine"))
    (folder / "b" / "c.txt").unlink()
    (folder / "b" / "c.txt").symlink_to("/etc/hostname")
    (folder / "d").unlink()
    (folder / "e" / "f").unlink()
    (folder / "e").rmdir()
    (folder / "e").symlink_to(tmp_path)
    (tmp_path / "f").write_text("elsewhere")
    found = compare(published_side(str(folder)), side({"a.yaml": A}), Masks(()))
    assert (found.edited, found.deleted) == (("a.yaml",), ("b/c.txt", "d", "e/f"))
    assert fields(found) == [FieldChange(("data", "k"), "changed", "mine", "v")]


def test_a_folder_that_was_not_published(tmp_path: Any) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        published_side(str(tmp_path / "nope"))
    with pytest.raises(OutputError, match=r'has no manifest "\.shipper/manifest\.json"'):
        published_side(str(tmp_path))
    (tmp_path / ".shipper").mkdir()
    (tmp_path / ".shipper" / "manifest.json").write_text('{"version": 1, "files": [{"path": "../x"}]}')
    with pytest.raises(OutputError, match="is damaged"):
        published_side(str(tmp_path))


def test_a_refused_side_renders_nothing() -> None:
    found = compare(side({"a.yaml": A}), side({})._replace(refused="expired"), Masks(()))
    assert found.different
    assert (found.objects, found.files, found.assets) == ((), (), ())
    assert not compare(side({})._replace(refused="x"), side({})._replace(refused="x"), Masks(())).different


def test_passwords_in_a_license_are_masked() -> None:
    def facts(password: str, server: str) -> dict[str, Any]:
        entry = {"server": server, "username": "u", "password": password}
        return {"license": {"id": "l", "registry": entry}}

    def change(old: dict[str, Any], new: dict[str, Any], *, show: bool = False) -> list[Any]:
        left, right = (side({}, facts=one, record=one, verified=True) for one in (old, new))
        return [(field.change[1:4], field.secret) for field in compare(left, right, Masks((), show=show)).facts]

    old, new = facts("p1", "a.example"), facts("p2", "b.example")
    assert change(old, new) == [
        (("changed", "a.example", "b.example"), False), (("changed", MASK, MASK), True),
    ]  # fmt: skip
    assert change(old, new, show=True)[1] == (("changed", "p1", "p2"), False)
    [(added, secret)] = change({"license": {"id": "l"}}, new)
    assert added == ("added", None, {"server": "b.example", "username": "u", "password": MASK})
    assert secret
