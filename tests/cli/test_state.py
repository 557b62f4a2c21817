"""`--state` in each command: what is written, what is shown, what fails."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml
from cryptography import x509

from shipper.errors import OutputError
from shipper.render.state import StateFile
from tests.license.sample import VENDOR
from tests.render.test_fleet import write_license

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

SPEC = """
config.v1:
  - name: g
    items:
      - {name: pw, type: text, value: "{{ RandomString(24) }}", readonly: true}
assets.v1:
  - inline:
      dest: a.yaml
      contents: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: a}
        data:
          pw: {{ ConfigOption("pw") }}
          id: {{ uuidv4() }}
          key: {{ genCA("x", 365).Key | toJson }}
"""


@pytest.fixture(autouse=True)
def _spec(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)


def kept(path: Path) -> list[str]:
    return [value["value"] for value in json.loads(path.read_text())["values"].values()]


def secrets(path: Path) -> list[str]:
    """What must not be seen: keys line by line, all else as it is."""
    texts = [text.partition("-----END CERTIFICATE-----\n")[2] or text for text in kept(path)]
    return [line for text in texts for line in text.splitlines() if not line.startswith("-----")]


def test_without_it(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    for command in ("render", "explain"):
        ran = shipper(command, "spec.yaml")
        assert ran.code == 4
        assert ran.out == ""
        assert "option pw: RandomString: needs a state file" in ran.err
        assert "(--state FILE)" in ran.err
    assert [each.name for each in tmp_path.iterdir()] == ["spec.yaml"]


def test_render_gives_the_same_again(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    first = shipper("render", "spec.yaml", "--state", "state.json")
    assert first.code == 0, first.err
    data = yaml.safe_load(first.out)["data"]
    assert {data["pw"], data["id"]} < set(kept(tmp_path / "state.json"))
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600
    assert shipper("render", "spec.yaml", "--state", "state.json") == first
    folder = shipper("render", "spec.yaml", "--state", "state.json", "--output-dir", "out")
    assert folder.code == 0
    assert (tmp_path / "out" / "a.yaml").read_text() == first.out
    record = (tmp_path / "out" / ".shipper" / "manifest.json").read_text()
    assert not [secret for secret in secrets(tmp_path / "state.json") if secret in record]
    (tmp_path / "state.json").unlink()
    other = yaml.safe_load(shipper("render", "spec.yaml", "--state", "state.json").out)["data"]
    assert all(other[name] != data[name] for name in data)


def test_the_variable(shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHIPPER_STATE", "from-the-variable.json")
    assert shipper("render", "spec.yaml").code == 0
    assert kept(tmp_path / "from-the-variable.json")


def test_the_time_is_the_clocks(shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert shipper("render", "spec.yaml", "--state", "state.json", "--at", "2001-01-01").code == 0
    (cert,) = [text for text in kept(tmp_path / "state.json") if "CERTIFICATE" in text]
    begin = x509.load_pem_x509_certificate(cert.encode()).not_valid_before_utc
    assert timedelta(minutes=4) < datetime.now(UTC) - begin < timedelta(hours=1)


@pytest.mark.parametrize("output", [[], ["--output-dir", "out"]])
def test_nothing_is_published_that_is_not_kept(
    shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: list[str]
) -> None:
    def full(_self: StateFile) -> None:
        raise OutputError("no space left on device")

    monkeypatch.setattr(StateFile, "_write", full)
    ran = shipper("render", "spec.yaml", "--state", "state.json", *output)
    assert (ran.code, ran.out) == (7, "")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "state.json").exists()


def test_what_cannot_be_published_is_kept(
    shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(_chunks: object) -> None:
        raise OutputError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("shipper.cli.output.write_chunks", full)
        assert shipper("render", "spec.yaml", "--state", "state.json").code == 7
    first = kept(tmp_path / "state.json")
    shown = shipper("render", "spec.yaml", "--state", "state.json").out
    assert kept(tmp_path / "state.json") == first
    assert yaml.safe_load(shown)["data"]["pw"] in first


def test_explain_masks_and_writes_nothing(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    before = shipper("explain", "spec.yaml", "--state", "state.json")
    assert before.code == 0
    assert '"********"' in before.out
    assert not (tmp_path / "state.json").exists()
    shipper("render", "spec.yaml", "--state", "state.json")
    text = (tmp_path / "state.json").read_bytes()
    for form in ("text", "json"):
        after = shipper("explain", "spec.yaml", "--state", "state.json", "-o", form)
        assert not [secret for secret in secrets(tmp_path / "state.json") if secret in after.out + after.err]
    assert (tmp_path / "state.json").read_bytes() == text


def test_diff_reads_and_masks(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    shipper("render", "spec.yaml", "--state", "state.json", "--output-dir", "out")
    same = shipper("diff", "spec.yaml", "--state", "state.json", "--against", "out", "--exit-code")
    assert same.code == 0, same.out
    old = secrets(tmp_path / "state.json")
    (tmp_path / "state.json").unlink()
    for form in ("text", "json", "patch"):
        other = shipper("diff", "spec.yaml", "--state", "state.json", "--against", "out", "-o", form)
        assert other.code == 0
        assert "********" in other.out
        assert not (tmp_path / "state.json").exists()
    text = shipper("diff", "spec.yaml", "--state", "state.json", "--against", "out").out
    assert not [secret for secret in old if secret in text]


def test_lint_with_validate(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    assert shipper("lint", "spec.yaml").code == 0
    ran = shipper("lint", "spec.yaml", "--validate", "--state", "state.json")
    assert ran.code == 0, ran.out
    assert not (tmp_path / "state.json").exists()


def test_a_message_never_shows_one(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    step = "lifecycle.v1: [{message: {contents: 'the password is {{ ConfigOption(\"pw\") }}'}}, {render: {}}]\n"
    (tmp_path / "spec.yaml").write_text(SPEC + step)
    ran = shipper("render", "spec.yaml", "--state", "state.json")
    assert "the password is ********" in ran.err


def test_eval(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    arguments = ("eval", "{{ RandomString(30) }}{{ RandomString(30) }}")
    assert shipper(*arguments).code == 4
    first = shipper(*arguments, "--state", "state.json")
    assert first.code == 0
    assert first.out[:30] != first.out[30:]
    assert shipper(*arguments, "--state", "state.json") == first
    assert set(kept(tmp_path / "state.json")) == {first.out[:30], first.out[30:]}


def test_eval_in_lines(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    templates = ["{{ RandomString(9) }}", "{{ nope }}", "{{ RandomString(9) }} again", "{{ RandomString(9) }}"]
    lines = b"".join(json.dumps({"template": each}).encode() + b"\n" for each in templates)
    runs = [shipper("eval", "--json-lines", "--state", "state.json", stdin=lines) for _ in range(2)]
    assert runs[0] == runs[1]
    first, wrong, again, same = map(json.loads, runs[0].out.splitlines())
    assert "error" in wrong
    assert first == same
    assert again["out"][:9] != first["out"]
    assert len(kept(tmp_path / "state.json")) == 2
    refused = shipper("eval", "--json-lines", stdin=lines)
    assert refused.code == 0
    assert "needs a state file" in json.loads(refused.out.splitlines()[0])["error"]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("-", "can't be standard input"),
        ("/dev/stdin", "can't be standard input"),
        ("out/state.json", "lies in the output folder"),
        ("out", "lies in the output folder"),
        ("folder/../out/deep/state.json", "lies in the output folder"),
        ("folder", "is a folder"),
        ("spec.yaml", "others may read"),
        ("values.yaml", "can't"),
    ],
)
def test_what_is_no_state_file(shipper: Callable[..., Ran], tmp_path: Path, state: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "spec.yaml").chmod(0o644)
    (tmp_path / "values.yaml").write_text('{"pw": "x"}')
    (tmp_path / "values.yaml").chmod(0o600)
    ran = shipper("render", "spec.yaml", "--state", state, "--output-dir", "out")
    assert ran.code == 2, ran.err
    assert message in ran.err
    assert ran.out == ""
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "values.yaml").read_text() == '{"pw": "x"}'


def test_a_warning_when_something_is_made_anew(shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    shipper("render", "spec.yaml", "--state", "state.json")
    real = StateFile.__init__

    def later(self: StateFile, path: str, *, keeps: bool) -> None:
        real(self, path, keeps=keeps, now=datetime.now(UTC) + timedelta(days=300))

    monkeypatch.setattr(StateFile, "__init__", later)
    for command in (("render", "spec.yaml"), ("eval", '{{ GetCaKey("a", "P256") }}')):
        ran = shipper(*command, "--state", "state.json")
        assert ran.code == 0
        assert ("it is made anew" in ran.err) == (command[0] == "render")
    assert "it is made anew" not in shipper("render", "spec.yaml", "--state", "state.json").err


def test_fleet(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    (tmp_path / "spec.yaml").write_text(SPEC.replace("\nconfig.v1", "license.v1: {product: acme}\nconfig.v1"))
    for number in range(4):
        write_license(tmp_path / "licenses", f"{number}.pem", f"lic_{number}")
    command = ["render", "spec.yaml", "--licenses", "licenses", "--trust-key", "vendor.pub", "--output-dir", "out"]
    without = shipper(*command)
    assert without.code == 4
    first = shipper(*command, "--state", "states", "--jobs", "2")
    assert first.code == 0, first.err
    files = {each.name: each.read_text() for each in (tmp_path / "states").glob("*.json")}
    assert sorted(files) == [f"lic_{number}.json" for number in range(4)]
    assert stat.S_IMODE((tmp_path / "states").stat().st_mode) == 0o700
    values = [value for name in files for value in kept(tmp_path / "states" / name)]
    assert len(set(values)) == len(values) == 12
    trees = {number: (tmp_path / "out" / f"lic_{number}" / "a.yaml").read_text() for number in range(4)}
    assert shipper(*command, "--state", "states").code == 0
    assert {number: (tmp_path / "out" / f"lic_{number}" / "a.yaml").read_text() for number in range(4)} == trees
    alone = ["render", "spec.yaml", "--license", "licenses/2.pem", "--trust-key", "vendor.pub"]
    assert shipper(*alone, "--state", "states/lic_2.json").out == trees[2]


@pytest.mark.parametrize(
    ("states", "message"), [("spec.yaml", "is no folder"), ("out/states", "lies in the output"), ("out", "lies in")]
)
def test_a_fleet_has_a_folder(shipper: Callable[..., Ran], tmp_path: Path, states: str, message: str) -> None:
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    write_license(tmp_path / "licenses", "1.pem", "lic_1")
    command = ["render", "spec.yaml", "--licenses", "licenses", "--trust-key", "vendor.pub", "--output-dir", "out"]
    ran = shipper(*command, "--state", states)
    assert ran.code == 2
    assert message in ran.err


def test_one_bad_state_file_stops_one_license(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    for number in range(2):
        write_license(tmp_path / "licenses", f"{number}.pem", f"lic_{number}")
    (tmp_path / "states").mkdir()
    (tmp_path / "states" / "lic_0.json").write_text("x")
    (tmp_path / "states" / "lic_0.json").chmod(0o600)
    command = ["render", "spec.yaml", "--licenses", "licenses", "--trust-key", "vendor.pub", "--output-dir", "out"]
    ran = shipper(*command, "--state", "states")
    assert ran.code == 2
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["lic_1"]


def test_no_license_gets_the_state_of_another(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    """Not even one whose own file isn't there yet, from a spec that takes all that lies beside it."""
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    write_license(tmp_path / "licenses", "0.pem", "lic_0")
    command = ["render", "spec.yaml", "--licenses", "licenses", "--trust-key", "vendor.pub", "--state", "beside/states"]
    assert shipper(*command, "--output-dir", "out").code == 0
    write_license(tmp_path / "licenses", "1.pem", "lic_1")
    (tmp_path / "spec.yaml").write_text(SPEC.replace("assets.v1:", "assets.v1:\n  - local: {path: beside, dest: all}"))
    ran = shipper(*command, "--output-dir", "out2")
    assert ran.code == 3
    assert 'lic_0.json" would be copied to the output' in ran.err
    assert list((tmp_path / "out2").iterdir()) == []


def test_diff_shows_no_copy_of_it(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    assert shipper("render", "spec.yaml", "--state", "beside.json", "--output-dir", "out").code == 0
    (tmp_path / "spec.yaml").write_text(SPEC + "  - local: {path: '*.json', dest: all}\n")
    ran = shipper("diff", "spec.yaml", "--state", "beside.json", "--against", "out")
    assert (ran.code, ran.out) == (3, "")
    assert "would be copied" in ran.err


CASES = """
- name: made for the case
  expect: {contains: {a.yaml: "kind: ConfigMap"}}
- name: kept
  state: state.json
  expect: {golden: golden/a.yaml}
"""


def test_cases(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "cases.yaml").write_text(CASES)
    assert shipper("test", "spec.yaml").code == 3, "the state file isn't there yet"
    shipper("render", "spec.yaml", "--state", "tests/state.json")
    (folder / "state.json").chmod(0o644)
    before = (folder / "state.json").read_bytes()
    assert shipper("test", "spec.yaml", "tests/cases.yaml", "--update-golden").code == 0
    ran = shipper("test", "spec.yaml", "tests/cases.yaml")
    assert ran.code == 0, ran.out
    assert (folder / "state.json").read_bytes() == before
    data = json.loads(before)
    data["values"] = {}
    (folder / "state.json").write_text(json.dumps(data))
    ran = shipper("test", "spec.yaml", "tests/cases.yaml")
    assert ran.code == 10
    assert "********" in ran.out
