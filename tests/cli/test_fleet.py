"""`render --licenses` as a program: flags, summaries, exit codes, processes, signals, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shipper.cli import progress
from shipper.render import fleet as fleets
from shipper.render.publish.together import together
from tests.license.sample import VENDOR
from tests.render.test_fleet import SPEC, tree, write_license
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

# The parent has threads of pytest's here, which no worker touches
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
PROGRAM = [sys.executable, "-m", "shipper"]
RENDER = ["render", "spec.yaml", "--licenses", "licenses", "--trust-key", "vendor.pub", "--output-dir", "out"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    return tmp_path


def licenses(folder: Path, count: int) -> None:
    for number in range(count):
        write_license(folder / "licenses", f"{number:04}.pem", f"lic_{number:04}", seats=number * 9)


def start(folder: Path, *arguments: str, **kwargs: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    defaults: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*PROGRAM, *RENDER, *arguments], cwd=folder, env=environment, **(defaults | kwargs))


def no_traces(out: Path) -> bool:
    """Every folder is whole, and no staging area stays."""
    for each in out.iterdir():
        listed = json.loads((each / ".shipper/manifest.json").read_bytes())["files"]
        if {file["path"] for file in listed} | {".shipper/manifest.json"} != tree(each).keys():
            return False
    return True


def test_any_number_of_jobs_gives_the_same_bytes(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 60)
    trees = []
    for jobs in ("1", "2", "7"):
        ran = shipper(*RENDER[:-1], f"out{jobs}", "--jobs", jobs)
        assert (ran.code, ran.out) == (0, f"60 licenses: 60 rendered to out{jobs}, 168 files\n")
        assert "warning: 0000.pem: for ACME (and 59 licenses more)\n" in ran.err
        trees.append(tree(folder / f"out{jobs}"))
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0]) == 168 + 60


def test_the_summary_as_json_and_yaml(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 3)
    (folder / "licenses" / "0001.pem").write_text("nothing")
    ran = shipper(*RENDER, "--jobs", "2", "-o", "json")
    assert ran.code == 5
    summary = json.loads(ran.out)
    assert {name: value for name, value in summary.items() if name != "licenses"} == {
        "rendered": 2, "failed": 1, "skipped": 0, "files": 4, "exit_code": 5,
    }  # fmt: skip
    assert [(one["file"], one["id"], one["ok"], one["files"]) for one in summary["licenses"]] == [
        ("0000.pem", "lic_0000", True, 2),
        ("0001.pem", None, False, 0),
        ("0002.pem", "lic_0002", True, 2),
    ]
    assert summary["licenses"][1]["error"]["exit_code"] == 5
    assert ran.err.count("error: ") == 1
    assert "error: 0001.pem: this is not a license file" in ran.err
    again = shipper(*RENDER, "-o", "yaml")
    assert yaml.safe_load(again.out) == summary


def test_failures_are_listed_and_the_rest_is_rendered(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 4)
    (folder / "licenses" / "0001.pem").write_text("nothing")
    write_license(folder / "licenses", "0002.pem", "lic_0002", expires_at="2026-01-02T00:00:00Z", grace_days=0)
    ran = shipper(*RENDER, "--jobs", "2")
    assert (ran.code, ran.out) == (5, "4 licenses: 2 rendered to out, 4 files, 2 failed\n")
    assert re.findall("error: .*", ran.err) == [
        'error: 0001.pem: this is not a license file: it has no line "-----BEGIN SHIPPER LICENSE-----"',
        "error: 0002.pem: license lic_0002 expired at 2026-01-02T00:00:00Z",
    ]
    assert sorted(os.listdir(folder / "out")) == ["lic_0000", "lic_0003"]


@pytest.mark.parametrize(("bad", "code"), [([], 0), (["license"], 5), (["template"], 4), (["license", "template"], 4)])
def test_the_exit_code_is_that_of_the_failures(
    shipper: Callable[..., Ran], folder: Path, bad: list[str], code: int
) -> None:
    licenses(folder, 2)
    (folder / "spec.yaml").write_text(
        "assets.v1: [{inline: {dest: a, contents: '{% if entitlements.num_seats == 5 %}{{ nope }}{% endif %}'}}]\n"
    )
    if "license" in bad:
        (folder / "licenses" / "x.pem").write_text("nothing")
    if "template" in bad:
        write_license(folder / "licenses", "y.pem", "lic_y", seats=5)
    ran = shipper(*RENDER)
    assert ran.code == code
    if "template" in bad:
        assert "error: y.pem: spec.yaml:1:" in ran.err
        assert 'asset a: "nope" is not defined' in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--license", "x.pem"], "--licenses reads all licenses from a folder, and --license names one"),
        (["--license-url", "https://x"], "--license-url names one"),
        (["--license-server", "https://x"], "--license-server names one"),
        (["--order", "spec"], "--order is for standard output"),
        (["--jobs", "0"], '--jobs takes a number from 1 to 1,000, not "0"'),
        (["--shard", "0/4"], "there are the parts 1/4 to 4/4 (what counts from 0, such as an indexed Job, adds 1"),
        (["--shard", "5/4"], "there are the parts 1/4 to 4/4"),
        (["--shard", "1/0"], '--shard takes I/N, such as 1/4, not "1/0"'),
        (["--shard", "x"], '--shard takes I/N, such as 1/4, not "x"'),
        (["--licenses", "nope"], 'can\'t read the folder of licenses "nope": no such file or directory'),
    ],
)
def test_wrong_usage(shipper: Callable[..., Ran], folder: Path, arguments: list[str], message: str) -> None:
    licenses(folder, 1)
    ran = shipper(*RENDER, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert not (folder / "out").exists()


@pytest.mark.parametrize(("flag", "value"), [("--jobs", "2"), ("--shard", "1/2"), ("-o", "json")])
def test_flags_of_a_fleet_need_one(shipper: Callable[..., Ran], flag: str, value: str) -> None:
    ran = shipper("render", "spec.yaml", flag, value)
    assert (ran.code, ran.err) == (2, f"error: {flag} is for --licenses\n")


def test_a_fleet_needs_a_folder(shipper: Callable[..., Ran]) -> None:
    ran = shipper(*RENDER[:-2])
    assert ran.code == 2
    assert ran.err.startswith("error: --licenses needs --output-dir")


def test_variables(shipper: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    licenses(folder, 9)
    monkeypatch.setenv("SHIPPER_LICENSE", "ignored.pem")
    monkeypatch.setenv("SHIPPER_LICENSE_SERVER", "https://ignored")
    monkeypatch.setenv("SHIPPER_OUTPUT_DIR", "out")
    monkeypatch.setenv("SHIPPER_JOBS", "2")
    seen: list[str] = []
    for part in ("1/2", "2/2"):
        monkeypatch.setenv("SHIPPER_SHARD", part)
        ran = shipper(*RENDER[:-2], "-o", "json")
        assert ran.code == 0
        summary = json.loads(ran.out)
        assert summary["rendered"] + summary["skipped"] == 9
        seen += [one["id"] for one in summary["licenses"]]
    assert sorted(seen) == [f"lic_{number:04}" for number in range(9)]
    assert len(os.listdir(folder / "out")) == 9


def test_an_empty_part_is_fine(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 1)
    results = [shipper(*RENDER, "--shard", f"{number}/3", "-o", "json") for number in (1, 2, 3)]
    assert [ran.code for ran in results] == [0, 0, 0]
    assert sorted(json.loads(ran.out)["rendered"] for ran in results) == [0, 0, 1]
    assert sorted(len(json.loads(ran.out)["licenses"]) for ran in results) == [0, 0, 1]


def test_what_is_left_out_and_left_over_is_said(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 2)
    assert shipper(*RENDER).code == 0
    (folder / "licenses" / "0001.pem").rename(folder / "licenses" / "0001.txt")
    ran = shipper(*RENDER)
    assert ran.code == 0
    assert "no license files in licenses: 0001.txt\n" in ran.err
    assert "no license is there any more for what stays in out: lic_0001\n" in ran.err
    assert sorted(os.listdir(folder / "out")) == ["lic_0000", "lic_0001"]


def test_a_name_makes_no_line_of_its_own(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 1)
    (folder / "licenses" / "a\nerror: b\x1b[31m.txt").touch()
    (folder / "licenses" / "c\nd.pem").touch()
    ran = shipper(*RENDER)
    assert ran.code == 5
    assert ran.err.splitlines()[0] == "no license files in licenses: a\\nerror: b\\x1b[31m.txt"
    assert ran.err.splitlines()[-1].startswith("error: c\\nd.pem: ")


def test_no_trusted_key_is_told_once(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 3)
    at = RENDER.index("--trust-key")
    ran = shipper(*RENDER[:at], *RENDER[at + 2 :])
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.count("no trusted key is known") == 1
    assert not (folder / "out").exists()


def test_a_folder_that_holds_one_rendering_is_refused(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 1)
    assert shipper("render", "spec.yaml", "--license", "licenses/0000.pem", *RENDER[4:]).code == 0
    ran = shipper(*RENDER)
    assert ran.code == 7
    assert '"out" holds one rendering, and can\'t hold a fleet' in ran.err


def test_an_output_folder_that_cannot_be(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 1)
    (folder / "out").write_text("a file")
    ran = shipper(*RENDER)
    assert (ran.code, ran.out) == (7, "")
    assert ran.err.count("error") == 1
    assert 'cannot write "out"' in ran.err


def test_traces_of_killed_runs_are_swept(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 1)
    (folder / "out" / ".lic_9999.shipper-0123abcd" / "k8s").mkdir(parents=True)
    assert shipper(*RENDER).code == 0
    assert os.listdir(folder / "out") == ["lic_0000"]


def test_trees_share_their_syncs(shipper: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one sync of the file system for a tree, and none for a single file."""
    counts = {"syncfs": 0, "fsync": 0}
    real = together

    def counted(steps: Any) -> Any:
        def sync(_fd: int) -> None:
            counts["syncfs"] += 1

        return real(steps, sync)

    def fsync(_fd: int) -> None:
        counts["fsync"] += 1

    monkeypatch.setattr(fleets, "together", counted)
    monkeypatch.setattr(os, "fsync", fsync)
    licenses(folder, 64)
    assert shipper(*RENDER, "--jobs", "1").code == 0
    assert counts == {"syncfs": 4, "fsync": 4}
    (folder / "spec.yaml").write_text(SPEC.replace("owner", "proprietor"))
    assert shipper(*RENDER, "--jobs", "1").code == 0
    assert counts == {"syncfs": 8, "fsync": 8}


def test_annotations_and_validation_work_with_fleets(shipper: Callable[..., Ran], folder: Path) -> None:
    licenses(folder, 4)
    (folder / "spec.yaml").write_text(
        "assets.v1:\n"
        "  - inline:\n"
        "      dest: a.yaml\n"
        "      contents: |\n"
        "        apiVersion: v1\n"
        "        kind: ConfigMap\n"
        "        metadata: {name: a}\n"
        "        data: {seats: {% if entitlements.num_seats == 9 %}9{% else %}'9'{% endif %}}\n"
    )
    ran = shipper(*RENDER, "--annotate", "--jobs", "2")
    assert ran.code == 0, ran.err
    for number in range(4):
        metadata = yaml.safe_load((folder / f"out/lic_{number:04}/a.yaml").read_text())["metadata"]
        assert f"lic_{number:04}" in metadata["annotations"].values()
    ran = shipper(*RENDER, "--validate", "--jobs", "2", "-o", "json")
    assert ran.code == 4
    records = json.loads(ran.out)["licenses"]
    assert [one["ok"] for one in records] == [True, False, True, True]
    [finding] = records[1]["findings"]
    assert (finding["file"], finding["line"]) == ("spec.yaml", 8)
    assert ran.err.count("error: 0001.pem: ") == 2


def test_progress_is_for_terminals_only(folder: Path) -> None:
    licenses(folder, 30)
    controller, terminal = pty.openpty()
    try:
        process = start(folder, stderr=terminal)
        out, _ = process.communicate(timeout=60)
        seen = b""
        while select.select([controller], [], [], 0.2)[0]:
            seen += os.read(controller, 65536)
    finally:
        os.close(terminal)
        os.close(controller)
    assert process.returncode == 0
    assert out == b"30 licenses: 30 rendered to out, 78 files\n"
    assert b"\r[------------------------------] 0/30 licenses\x1b[K" in seen
    assert b"\r\x1b[K" in seen
    process = start(folder)
    _, err = process.communicate(timeout=60)
    assert b"\r" not in err
    assert b"\x1b" not in err


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (0, "[##########--------------------] 1,000/3,000 licenses, 1 failed"),
        (80, "[##########--------------------] 1,000/3,000 licenses, 1 failed"),
        (42, "[##------] 1,000/3,000 licenses, 1 failed"),
        (39, "[#----] 1,000/3,000 licenses, 1 failed"),
        (38, "1,000/3,000 licenses, 1 failed"),
        (20, "1,000/3,000 license"),
    ],
)
def test_progress_stays_on_its_line(monkeypatch: pytest.MonkeyPatch, columns: int, line: str) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _number: os.terminal_size((columns, 24)))
    monkeypatch.setenv("TERM", "xterm")
    written: list[str] = []
    shown = progress.Progress(3_000)
    monkeypatch.setattr(shown, "_write", written.append)
    shown._done = 999
    shown.step(failed=1)
    assert written == [f"\r{line}\x1b[K"]
    assert columns == 0 or len(line) < columns


def test_a_dumb_terminal_gets_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    for term, shown in (("dumb", False), ("xterm", True)):
        monkeypatch.setenv("TERM", term)
        assert progress.Progress(5)._shown is shown
    assert not progress.Progress(1)._shown


def slow_spec(folder: Path) -> None:
    """Each license takes a good part of a second."""
    body = "{% for a in range(150) %}{% for b in range(150) %}{% set c = a %}{% endfor %}{% endfor %}"
    assets = "".join(f"  - inline: {{dest: a{number}.txt, contents: '{body}'}}\n" for number in range(10))
    (folder / "spec.yaml").write_text(f"assets.v1:\n{assets}")


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def wait_for(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it never came")


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_all_and_leaves_whole_trees(folder: Path, number: signal.Signals, jobs: str) -> None:
    licenses(folder, 40)
    slow_spec(folder)
    process = start(folder, "--jobs", jobs)
    wait_for(lambda: (folder / "out").exists() and any(not name.startswith(".") for name in os.listdir(folder / "out")))
    workers = children(process.pid)
    assert len(workers) == (2 if jobs == "2" else 0)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert out == b""
    if number == signal.SIGINT:
        assert err == b""
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers))
    if jobs == "2" or number == signal.SIGINT:
        assert no_traces(folder / "out")
    assert len(os.listdir(folder / "out")) < 40


def test_a_killed_worker_is_told_and_the_rest_is_rendered(folder: Path) -> None:
    licenses(folder, 3)
    slow_spec(folder)
    process = start(folder, "--jobs", "2", "-o", "json")
    wait_for(lambda: (folder / "out").exists() and len(os.listdir(folder / "out")) == 2)  # both are at work
    for pid in children(process.pid):
        os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    summary = json.loads(out)
    assert len(os.listdir(folder / "out")) == 1
    assert no_traces(folder / "out")
    assert process.returncode == summary["exit_code"] == 8
    assert (summary["rendered"], summary["failed"]) == (1, 2)
    assert err.count(b"its worker process was killed: the memory may be exhausted (fewer --jobs need less)") == 2


def test_a_full_disk_is_told_for_each_license(folder: Path) -> None:
    licenses(folder, 6)
    (folder / "spec.yaml").write_text("assets.v1: [{inline: {dest: a.txt, contents: '{{ \"x\" * 300000 }}'}}]\n")
    script = f'mount -t tmpfs -o size=1m none out && cd .. && cd "{folder}" && exec "$@"'
    (folder / "out").mkdir()
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run(
        [*namespace, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    ).returncode:
        pytest.skip("needs user namespaces to mount a small disk")
    command = [*namespace, "sh", "-c", script, "sh", *PROGRAM, *RENDER, "--jobs", "2"]
    ran = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    assert ran.returncode == 7, ran.stderr
    failed = re.search(r", (\d) failed\n", ran.stdout)
    # Three of them fit; while two are made at the same time, both may find the disk full
    assert failed is not None
    assert 3 <= int(failed[1]) < 6
    assert ran.stderr.count("no space left on device") == int(failed[1])


def test_a_plain_rendering_loads_nothing_of_fleets() -> None:
    statement = (
        "from shipper.cli.main import main; import sys\n"
        "assert main(['render', 'specs/quickstart.yaml', '--license', 'specs/quickstart/license.pem']) == 0\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", statement], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert not {"shipper.cli.fleet", "shipper.render.workers", "shipper.template.escape.layouts"} & set(
        ran.stderr.split()
    )
