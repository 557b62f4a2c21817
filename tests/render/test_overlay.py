"""The overlay: each Kubernetes object of a rendering has it, and nothing else is touched."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shipper.errors import TemplateError
from shipper.render import render
from shipper.render.overlay import Overlay
from shipper.render.settings import RenderOptions
from shipper.spec import parse_spec
from tests import program
from tests.tools import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shipper.render.run import RenderedFile, Rendering
    from tests.program import Ran

OVERLAY = Overlay("prod", {"team": "pay"}, annotate=True)
OPTIONS = RenderOptions(now=datetime(2024, 1, 1, tzinfo=UTC), overlay=OVERLAY)
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"


def rendered(
    dest: str, contents: str, options: RenderOptions = OPTIONS, extra: str = ""
) -> tuple[RenderedFile, list[str]]:
    text = yaml.safe_dump({"assets.v1": [{"inline": {"dest": dest, "contents": contents}}]}) + extra
    rendering = render(parse_spec(text, "spec.yaml"), None, options)
    [file] = rendering.files
    return file, [warning.message for warning in rendering.warnings]


@pytest.mark.parametrize("dest", ["a.yaml", "a.YML", "deep/a.yaml"])
def test_an_object_gets_it(dest: str) -> None:
    file, warnings = rendered(dest, OBJECT)
    metadata = yaml.safe_load(file.content)["metadata"]
    assert metadata["namespace"] == "prod"
    assert metadata["labels"] == {"team": "pay"}
    [(name, value)] = metadata["annotations"].items()
    assert name == "shipper.dev/spec-digest"
    assert value.startswith("sha256:")
    assert warnings == []


@pytest.mark.parametrize(
    ("dest", "contents"),
    [
        ("a.txt", OBJECT),
        ("a", OBJECT),
        ("a.yaml", "a: 1\n"),
        ("a.yaml", "kind: Only\n"),
        ("a.yaml", ""),
        ("a.yaml", "- 1\n"),
        ("a.json", '{"kind": 1}'),
    ],
)
def test_all_else_stays(dest: str, contents: str) -> None:
    assert rendered(dest, contents)[0].content == contents


def test_what_is_no_yaml_stays(tmp_path: Path) -> None:
    contents = {"a.yaml": b"{{- if }}\n", "b.yaml": b"\xff\xfe", "c.json": b"{", "d.yaml": b"apiVersion: v1\nkind: [\n"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    rendering = render_local(tmp_path)
    assert {file.dest: file.content for file in rendering.files} == contents
    assert [warning.message.split(",")[0] for warning in rendering.warnings] == [
        f"{name} can't be read" for name in contents
    ]


def test_copied_files_get_it_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbf" + OBJECT.replace("\n", "\r\n").encode())
    (tmp_path / "b.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap"}')
    first, second = local(tmp_path)
    assert isinstance(first.content, str)
    assert first.content.startswith("\ufeffapiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: x, namespace: prod, ")
    assert isinstance(second.content, str)
    assert second.content.startswith('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "prod", ')


def local(folder: Path) -> list[RenderedFile]:
    return list(render_local(folder).files)


def render_local(folder: Path) -> Rendering:
    text = f"assets.v1: [{{local: {{path: {folder.name}, dest: .}}}}]"
    return render(parse_spec(text, "s"), None, OPTIONS._replace(folder=str(folder.parent)))


def test_what_cannot_be_changed_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        rendered("a.yaml", OBJECT.replace("{name: x}", "{namespace: other}"))
    assert caught.value.subject == "output a.yaml:3:23"
    assert caught.value.position is None
    (tmp_path / "b.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "a": "\x7f"}')
    with pytest.raises(TemplateError, match="JSON that is no YAML"):
        local(tmp_path)


def test_a_secret_in_what_is_refused_is_masked() -> None:
    extra = "config.v1: [{name: g, items: [{name: p, type: password, default: hunter2}]}]\n"
    with pytest.raises(TemplateError) as caught:
        rendered("a.yaml", OBJECT.replace("x}", "x, namespace: '{{ config.p }}'}"), extra=extra)
    assert "hunter2" not in str(caught.value)


def test_another_namespace_than_the_one_that_is_made_is_a_warning() -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
    file, warnings = rendered("ns.yaml", namespace)
    assert warnings == ['ns.yaml makes the namespace "other", not "prod"']
    assert "namespace" not in yaml.safe_load(file.content)["metadata"]
    assert rendered("ns.yaml", namespace.replace("other", "prod"))[1] == []
    labels_only = OPTIONS._replace(overlay=Overlay(labels={"a": "b"}))
    assert rendered("ns.yaml", namespace, labels_only)[1] == []


# --- on the command line

FLAGS = ("--namespace", "acme", "--label", "team=payments", "--label", "tier=gold", "--annotate")


@pytest.fixture
def acme(repository: Path, tmp_path: Path) -> tuple[str, ...]:
    for name in ("specs", "templates"):
        shutil.copytree(repository / name, tmp_path / name)
    folder = tmp_path / "specs/acme"
    return (
        f"{folder}.yaml", "--license", f"{folder}/license.pem", "--trust-key", f"{folder}/vendor.pub",
        "--values", f"{folder}/values.yaml", "--at", "2026-01-01T00:00:00Z",
    )  # fmt: skip


@pytest.mark.determinism
def test_acme_with_all_flags_is_golden(
    acme: tuple[str, ...], run: Callable[..., Ran], repository: Path, update_golden: bool
) -> None:
    ran = run("render", *acme, *FLAGS)
    assert ran.code == 0, ran.err
    digest = hashlib.sha256((repository / "specs/acme.yaml").read_bytes()).hexdigest()
    out = ran.out.replace(digest, "<digest of the spec>")
    path = repository / "tests/golden/acme-overlay.yaml"
    if update_golden:
        path.write_text(out)
    assert out == path.read_text()


def test_the_flags_change_metadata_only_and_only_add_lines(acme: tuple[str, ...], run: Callable[..., Ran]) -> None:
    plain, flagged = run("render", *acme).out, run("render", *acme, *FLAGS).out
    lines = iter(flagged.splitlines())
    assert all(line in lines for line in plain.splitlines())
    for before, after in zip(yaml.safe_load_all(plain), yaml.safe_load_all(flagged), strict=True):
        assert without_metadata(before) == without_metadata(after)
        assert after["metadata"]["labels"].items() >= {"team": "payments", "tier": "gold"}.items()
        assert after["metadata"]["annotations"]["shipper.dev/license-id"] == "lic_acme_example"
        assert after["metadata"]["annotations"]["shipper.dev/license-serial"] == "1"


def without_metadata(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "metadata"}


def test_folder_and_stream_say_the_same(acme: tuple[str, ...], run: Callable[..., Ran], tmp_path: Path) -> None:
    assert run("render", *acme, *FLAGS, "--output-dir", tmp_path / "out").code == 0
    stream = run("render", *acme, *FLAGS).out
    for path in (tmp_path / "out/k8s").iterdir():
        assert path.read_text() in stream
    assert run("verify", tmp_path / "out").code == 0


@pytest.mark.determinism
def test_the_same_inputs_give_the_same_manifest_anywhere(
    acme: tuple[str, ...], run: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("render", *acme, *FLAGS, "--output-dir", tmp_path / "one").code == 0
    os.rename(tmp_path / "specs", tmp_path / "other")
    monkeypatch.chdir(tmp_path / "other")
    moved = [word.replace("/specs/", "/other/") for word in acme]
    assert run("render", *moved, *FLAGS, "--output-dir", tmp_path / "two").code == 0
    one, two = ((tmp_path / name / ".shipper/manifest.json").read_bytes() for name in ("one", "two"))
    assert one == two
    assert str(tmp_path).encode() not in one


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--namespace", "Prod"), "can't be a namespace"),
        (("--namespace", "a" * 64), "can't be a namespace"),
        (("--namespace", "-a"), "can't be a namespace"),
        (("--label", "team"), "--label takes KEY=VALUE"),
        (("--label", "=x"), '"" can\'t be a label'),
        (("--label", "/x=y"), "can't be a label"),
        (("--label", "Example.com/x=y"), "can't be a label"),
        (("--label", "a_=y"), "can't be a label"),
        (("--label", f"{'a' * 64}=y"), "can't be a label"),
        (("--label", "a=b c"), "can't be a label's value"),
        (("--label", "a=b\n"), "can't be a label's value"),
        (("--label", f"a={'b' * 64}"), "can't be a label's value"),
    ],
)
def test_what_kubernetes_would_refuse_is_a_wrong_option(
    flags: tuple[str, ...], message: str, acme: tuple[str, ...], run: Callable[..., Ran]
) -> None:
    ran = run("render", *acme, *flags)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_what_kubernetes_takes_is_taken(acme: tuple[str, ...], run: Callable[..., Ran]) -> None:
    labels = ("a=", "example.com/A_b.c=X-y_z.1", "n=5", "a=later", f"{'a' * 63}={'b' * 63}")
    ran = run("render", *acme, *(word for label in labels for word in ("--label", label)))
    assert ran.code == 0, ran.err
    for document in yaml.safe_load_all(ran.out):
        found = document["metadata"]["labels"]
        assert (found["a"], found["n"], found["example.com/A_b.c"]) == ("later", "5", "X-y_z.1")


def test_another_namespace_publishes_nothing(acme: tuple[str, ...], run: Callable[..., Ran], tmp_path: Path) -> None:
    for target in ((), ("--output-dir", tmp_path / "out")):
        ran = run("render", *acme, "--namespace", "other", *target)
        assert (ran.code, ran.out) == (4, "")
        assert 'Deployment "acme" is in the namespace "acme", not in "other"' in ran.err
    assert not (tmp_path / "out").exists()


def test_the_namespace_may_come_from_the_environment(
    acme: tuple[str, ...], run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPPER_NAMESPACE", "other")
    assert run("render", *acme).code == 4
    monkeypatch.setenv("SHIPPER_NAMESPACE", "")
    assert run("render", *acme).code == 0


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    return lambda *arguments: program.run(monkeypatch, *arguments)


def test_kubectl_passes_over_a_manifest_with_provenance(
    acme: tuple[str, ...], run: Callable[..., Ran], kubectl: str, tmp_path: Path
) -> None:
    assert run("render", *acme, *FLAGS, "--output-dir", tmp_path / "out").code == 0
    command = [kubectl, "label", "--local", "-R", "-f", str(tmp_path / "out"), "x=y", "-o", "name"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 8
