"""Publishing: what is ours is replaced as a whole, what is foreign stays, nothing outside is touched."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from shipper.errors import OutputError, ShipperError, SpecError, TemplateError
from shipper.render.publish import inplace, linux, manifest, publish, staging, tree
from shipper.render.publish.publish import OutputFile
from tests.corpora import REPOSITORY, corpus
from tests.tools import ENVIRONMENT, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST = [
    OutputFile("k8s/a.yaml", b"a: 1\n"),
    OutputFile("k8s/old/b.yaml", b"b: 1\n"),
    OutputFile("run.sh", b"x", 0o755),
]
SECOND = [OutputFile("k8s/a.yaml", b"a: 2\n"), OutputFile("k8s/new/c.yaml", b"c: 2\n"), OutputFile("key", b"y", 0o400)]


def look(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every entry below `root`: its mode with type, and a file's content or a link's target."""
    found = {}
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            content = b""
            if stat.S_ISLNK(mode):
                content = os.fsencode(os.readlink(path))
            elif stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, root)] = (mode, content)
    return found


def published(root: Path) -> dict[str, tuple[int, bytes]]:
    """The files below `root` without shipper's own folder: permission bits and content."""
    return {
        path: (stat.S_IMODE(mode), content)
        for path, (mode, content) in look(root).items()
        if stat.S_ISREG(mode) and not path.startswith(".shipper/")
    }


def as_published(files: list[OutputFile]) -> dict[str, tuple[int, bytes]]:
    return {file.dest: (file.mode, file.content) for file in files}


def in_one_step(result: publish.Published) -> bool:
    return not any("not in one step" in note for note in result.notes)


def go(files: list[OutputFile], out: Path) -> publish.Published:
    return publish.publish(iter(files), str(out))


@pytest.fixture(params=["exchange", "in place", "late refusal"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output folder with FIRST in it, published further in one step, in place, or as if EXCHANGE were missing."""
    folder = tmp_path / "out"
    go(FIRST, folder)
    if request.param == "in place":
        monkeypatch.chdir(folder)
    if request.param == "late refusal":
        monkeypatch.setattr(publish, "exchange", failing(errno.EINVAL))
    return folder


def failing(number: int) -> object:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    result = go(FIRST, tmp_path / "deep" / "er" / "out")
    assert result == (str(tmp_path / "deep/er/out"), 3, ())
    assert published(tmp_path / "deep/er/out") == as_published(FIRST)
    assert os.listdir(tmp_path / "deep/er") == ["out"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o700)
    go(FIRST, tmp_path / "out")
    assert published(tmp_path / "out") == as_published(FIRST)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


def test_nothing_to_publish_is_an_empty_tree(out: Path) -> None:
    go([], out)
    assert published(out) == {}
    assert os.listdir(out) == [".shipper"]


def test_what_was_ours_is_replaced_as_a_whole(out: Path) -> None:
    result = go(SECOND, out)
    assert result.files == 3
    assert published(out) == as_published(SECOND)
    assert not (out / "k8s/old").exists()
    assert os.listdir(out / ".shipper") == ["manifest.json"]
    assert os.listdir(out.parent) == ["out"]
    go(FIRST, out)
    assert published(out) == as_published(FIRST)


def test_files_and_folders_may_change_places(out: Path) -> None:
    swapped = [OutputFile("k8s", b"now a file\n"), OutputFile("run.sh/inner", b"now a folder\n")]
    go(swapped, out)
    assert published(out) == as_published(swapped)
    go(FIRST, out)
    assert published(out) == as_published(FIRST)


def test_the_manifest_lists_what_is_ours(out: Path) -> None:
    go(list(reversed(SECOND)), out)
    document = json.loads((out / ".shipper/manifest.json").read_bytes())
    assert document["version"] == 1
    assert [(item["path"], item["mode"]) for item in document["files"]] == [
        ("k8s/a.yaml", "0644"),
        ("k8s/new/c.yaml", "0644"),
        ("key", "0400"),
    ]
    assert document["files"][0]["sha256"] == hashlib.sha256(b"a: 2\n").hexdigest()


def test_foreign_entries_stay_what_they_are(out: Path) -> None:
    (out / "k8s/mine.yaml").write_text("mine")
    (out / "k8s/old/mine.yaml").write_text("kept, so its folder is")
    (out / "empty").mkdir()
    (out / "tight").mkdir()
    (out / "tight/file").write_text("x")
    (out / "tight").chmod(0o500)
    (out / "link").symlink_to("/etc/passwd")
    (out / "dangling").symlink_to("nowhere")
    (out / "elsewhere").symlink_to("/etc")
    os.mkfifo(out / "pipe")
    odd = os.fsencode(out) + b"/not utf-8 \xff"
    with open(odd, "wb") as file:
        file.write(b"odd")
    kept = ["k8s/mine.yaml", "k8s/old/mine.yaml", "tight/file", "link", "dangling", "elsewhere", "pipe"]
    before = {path: os.lstat(out / path).st_ino for path in kept}
    entries = look(out)
    go(SECOND, out)
    assert {path: os.lstat(out / path).st_ino for path in kept} == before
    after = look(out)
    for path in [*kept, "empty", "tight", os.fsdecode(b"not utf-8 \xff")]:
        assert after[path] == entries[path]
    assert set(after) == {
        *kept,
        "empty",
        "tight",
        os.fsdecode(b"not utf-8 \xff"),
        "k8s",
        "k8s/old",
        "k8s/new",
        ".shipper",
    } | {
        ".shipper/manifest.json",
        *as_published(SECOND),
    }
    assert os.listdir(out.parent) == ["out"]


@pytest.mark.parametrize("kind", ["file", "folder", "empty folder", "link", "link above", "file above"])
def test_something_foreign_in_the_way_is_an_error(
    out: Path, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    way = out / "way"
    if kind == "file":
        way.write_text("mine")
    elif kind in {"folder", "empty folder"}:
        way.mkdir()
        if kind == "folder":
            (way / "x").write_text("mine")
    elif kind == "link":
        way.symlink_to(outside / "target")
    elif kind == "link above":
        way.symlink_to(outside)
    else:
        way.write_text("mine")
    before = look(out.parent)
    dest = "way/x" if kind.endswith("above") else "way"
    with pytest.raises(OutputError, match='"way" in the output folder is not one of our files'):
        go([*SECOND, OutputFile(dest, b"ours")], out)
    assert look(out.parent) == before
    assert os.listdir(outside) == []


def test_our_file_that_became_a_link_is_foreign(out: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "target"
    outside.write_text("safe")
    (out / "k8s/a.yaml").unlink()
    (out / "k8s/a.yaml").symlink_to(outside)
    with pytest.raises(OutputError, match=r"a\.yaml"):
        go(SECOND, out)
    go(SECOND[1:], out)
    assert (out / "k8s/a.yaml").is_symlink()
    assert outside.read_text() == "safe"


def test_our_folder_that_became_a_link_is_not_followed(out: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    shutil.rmtree(out / "k8s")
    (outside / "a.yaml").write_text("safe")
    (out / "k8s").symlink_to(outside)
    go([OutputFile("other", b"")], out)
    assert look(outside) == {"a.yaml": (stat.S_IFREG | 0o644, b"safe")}
    with pytest.raises(OutputError, match='"k8s"'):
        go(SECOND, out)
    assert os.listdir(outside) == ["a.yaml"]


def test_what_is_the_same_keeps_its_inode(out: Path) -> None:
    before = (out / FIRST[0].dest).stat()
    again = [FIRST[0], FIRST[1]._replace(mode=0o600), FIRST[2]._replace(content=b"y"), OutputFile("more", b"")]
    go(again, out)
    assert published(out) == as_published(again)
    after = (out / FIRST[0].dest).stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)
    publish.publish(again, str(out), mtime=5)
    assert (out / FIRST[0].dest).stat().st_mtime == 5
    (out / FIRST[0].dest).write_bytes(b"a: 9\n")  # as long as before
    os.utime(out / FIRST[0].dest, (5, 5))
    publish.publish(again, str(out), mtime=5)
    assert published(out) == as_published(again)


def test_what_somebody_edited_is_replaced_and_told(out: Path) -> None:
    (out / "k8s/a.yaml").write_text("edited")
    (out / "k8s/old/b.yaml").write_text("edited, too")
    later = (out / ".shipper/manifest.json").stat().st_mtime + 5
    os.utime(out / "k8s/a.yaml", (5, 5))
    os.utime(out / "k8s/old/b.yaml", (5, 5))
    os.utime(out / "run.sh", (later, later))
    notes = go(SECOND, out).notes
    assert notes[:2] == (
        'replaced what had been edited by hand: "k8s/a.yaml"',
        'removed what had been edited by hand: "k8s/old/b.yaml"',
    )
    assert published(out) == as_published(SECOND)


def test_what_somebody_edited_into_the_new_is_not_told(out: Path) -> None:
    (out / "k8s/a.yaml").write_bytes(SECOND[0].content)
    assert not any("by hand" in note for note in go(SECOND, out).notes)


@pytest.mark.parametrize(
    ("make", "kind"),
    [(Path.write_text, "a file"), (Path.symlink_to, "a symbolic link"), (lambda path, _: os.mkfifo(path), "a file")],
)
def test_our_own_folder_that_is_none(make: Callable[[Path, str], object], kind: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make(tmp_path / "out/.shipper", ".")
    with pytest.raises(OutputError, match=rf'^"\.shipper" in the output folder is {kind}, not the folder'):
        go(FIRST, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == [".shipper"]


@pytest.mark.parametrize(
    ("version", "message"),
    [('"x"', "damaged"), ("0", "damaged"), ("true", "damaged"), ("1.0", "damaged"), ("2", "a later shipper")],
)
def test_manifests_of_other_versions(version: str, message: str, out: Path) -> None:
    path = out / ".shipper/manifest.json"
    path.write_text(path.read_text().replace('"version": 1,', f'"version": {version},'))
    with pytest.raises(OutputError, match=message):
        go(SECOND, out)


def test_going_another_way_is_told(out: Path, request: pytest.FixtureRequest) -> None:
    result = go(SECOND, out)
    way = request.node.callspec.params["out"]
    assert in_one_step(result) == (way == "exchange")
    reasons = {"exchange": None, "in place": "current folder", "late refusal": "invalid argument"}
    reason = reasons[way]
    if reason is None:
        assert result.notes == ()
    else:
        (note,) = result.notes
        assert "file by file" in note
        assert reason in note


@pytest.mark.parametrize("error", [TemplateError("no"), KeyboardInterrupt(), RuntimeError("bug")])
def test_files_that_fail_leave_the_old_tree(out: Path, error: BaseException) -> None:
    def files() -> Iterator[OutputFile]:
        yield SECOND[0]
        raise error

    before = look(out.parent)
    with pytest.raises(type(error)):
        publish.publish(files(), str(out))
    assert look(out.parent) == before


def test_files_that_fail_leave_no_new_folders(tmp_path: Path) -> None:
    def files() -> Iterator[OutputFile]:
        yield SECOND[0]
        raise TemplateError("no")

    with pytest.raises(TemplateError):
        publish.publish(files(), str(tmp_path / "a/b/out"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("where", ["write_file", "sync_file_system"])
def test_a_failing_disk_leaves_the_old_tree(
    out: Path, where: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = look(out.parent)
    for module in (publish, inplace):
        monkeypatch.setattr(module, where, failing(number))
    with pytest.raises(OutputError, match="cannot write .*" + os.strerror(number).lower()) as caught:
        go(SECOND, out)
    assert caught.value.exit_code == 7
    assert look(out.parent) == before


def test_a_failing_exchange_leaves_the_old_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(FIRST, tmp_path / "out")
    before = look(tmp_path)
    monkeypatch.setattr(publish, "exchange", failing(errno.EIO))
    with pytest.raises(OutputError, match="input/output error"):
        go(SECOND, tmp_path / "out")
    assert look(tmp_path) == before


@pytest.mark.parametrize("number", sorted(tree._NO_LINK))
def test_foreign_files_that_cannot_be_linked_lead_to_in_place(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(FIRST, tmp_path / "out")
    (tmp_path / "out/mine").write_text("mine")
    monkeypatch.setattr(os, "link", failing(number))
    result = go(SECOND, tmp_path / "out")
    assert not in_one_step(result)
    assert '"mine" in it' in result.notes[0]
    assert published(tmp_path / "out") == {**as_published(SECOND), "mine": (0o644, b"mine")}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("content", ["a file", "only a folder", "a hidden file"])
def test_a_folder_of_foreign_files_is_refused(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    if content == "only a folder":
        (folder / "x").mkdir()
    else:
        (folder / ("x" if content == "a file" else ".x")).write_text("mine")
    before = look(tmp_path)
    with pytest.raises(OutputError, match="files that shipper did not write") as caught:
        go(FIRST, folder)
    assert caught.value.exit_code == 7
    assert look(tmp_path) == before


def test_a_file_at_the_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for path in ("out", "out/below"):
        with pytest.raises(OutputError):
            go(FIRST, tmp_path / path)
    assert look(tmp_path)["out"][1] == b"mine"


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 300])
def test_a_path_that_can_not_be_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError):
        publish.publish(FIRST, name)
    assert os.listdir(tmp_path) == []


def test_parents_that_cannot_be_made_are_told() -> None:
    with pytest.raises(OutputError, match="no such file"):
        go(FIRST, Path("/proc/nothing/here/out"))


def test_a_current_folder_that_is_gone_matters_to_relative_paths_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OutputError, match="no such file"):
        publish.publish(FIRST, "out")
    go(FIRST, tmp_path / "out")
    assert in_one_step(go(SECOND, tmp_path / "out"))
    assert published(tmp_path / "out") == as_published(SECOND)


def test_old_files_that_cannot_be_looked_through_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(FIRST, tmp_path / "out")
    monkeypatch.setattr(publish, "rescue", failing(errno.EIO))
    (note,) = go(SECOND, tmp_path / "out").notes
    (kept,) = [name for name in os.listdir(tmp_path) if name != "out"]
    assert kept.endswith(".kept")
    assert kept in note
    assert published(tmp_path / kept) == as_published(FIRST)


def test_a_link_to_the_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    (tmp_path / "links/out").symlink_to("../real")
    for files in (FIRST, SECOND):
        result = go(files, tmp_path / "links/out")
        assert result.path == str(tmp_path / "real")
        assert in_one_step(result)
        assert published(tmp_path / "real") == as_published(files)
    assert os.readlink(tmp_path / "links/out") == "../real"
    assert os.listdir(tmp_path / "links") == ["out"]


def test_the_longest_name_for_the_folder_works(tmp_path: Path) -> None:
    for files in (FIRST, SECOND):
        assert in_one_step(go(files, tmp_path / ("é" * 127)))
    assert os.listdir(tmp_path) == ["é" * 127]


def test_one_run_at_a_time(out: Path) -> None:
    def files() -> Iterator[OutputFile]:
        yield SECOND[0]
        with pytest.raises(OutputError, match="another shipper is publishing"):
            go(FIRST, out)
        yield from SECOND[1:]

    publish.publish(files(), str(out))
    assert published(out) == as_published(SECOND)
    go(FIRST, out)


def test_of_two_runs_that_make_a_folder_one_loses(tmp_path: Path) -> None:
    def files() -> Iterator[OutputFile]:
        yield SECOND[0]
        go(FIRST, tmp_path / "out")

    with pytest.raises(OutputError, match="meanwhile"):
        publish.publish(files(), str(tmp_path / "out"))
    assert published(tmp_path / "out") == as_published(FIRST)
    assert os.listdir(tmp_path) == ["out"]


def test_many_runs_at_once_leave_one_whole_tree(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom shipper.errors import OutputError\nfrom shipper.render.publish.publish import OutputFile, publish\n"
        "for turn in range(10):\n"
        "    try:\n"
        "        publish([OutputFile(f'f{n}', sys.argv[2].encode()) for n in range(30)], sys.argv[1])\n"
        "    except OutputError as error:\n"
        "        assert 'another' in str(error), error\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "out")]
    runs = [subprocess.Popen([*command, str(number)], cwd=REPOSITORY) for number in range(4)]
    assert [run.wait() for run in runs] == [0] * 4
    contents = published(tmp_path / "out")
    assert len(contents) == 30
    assert len({content for _, content in contents.values()}) == 1
    assert os.listdir(tmp_path) == ["out"]


def test_a_folder_that_was_replaced_meanwhile_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    go(FIRST, out)

    def files() -> Iterator[OutputFile]:
        out.rename(tmp_path / "moved")
        out.mkdir()
        (out / "theirs").write_text("x")
        yield SECOND[0]

    with pytest.raises(OutputError, match="meanwhile"):
        publish.publish(files(), str(out))
    assert published(out) == {"theirs": (0o644, b"x")}
    assert published(tmp_path / "moved") == as_published(FIRST)


def test_what_appears_at_the_last_moment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    go(FIRST, out)
    (out / "mine").write_text("1")

    def late(first: str, second: str) -> None:
        (out / "new/er").mkdir(parents=True)
        (out / "new/er/late").write_text("late")
        (out / "mine.tmp").write_text("2")
        (out / "mine.tmp").rename(out / "mine")  # as editors save
        (out / "key").write_text("in the way")
        linux.exchange(first, second)

    monkeypatch.setattr(publish, "exchange", late)
    notes = go(SECOND, out).notes
    contents = published(out)
    (kept,) = [path for path in contents if path.startswith("key.kept-")]
    assert contents.pop(kept)[1] == b"in the way"
    assert contents == {**as_published(SECOND), "mine": (0o644, b"2"), "new/er/late": (0o644, b"late")}
    assert sorted(note.split('"')[1] for note in notes) == [kept, "mine", "new/er/late"]
    assert os.listdir(tmp_path) == ["out"]


def test_staging_that_another_run_swept_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def swept(path: str, dir_fd: int | None = None) -> int:
        calls.append(path)
        if len(calls) == 1:
            os.rmdir(path)
        fd = linux.open_folder(path, dir_fd)
        if len(calls) == 2:
            os.rmdir(path)
        return fd

    monkeypatch.setattr(staging, "open_folder", swept)
    made = staging.make_staging(str(tmp_path / "out"))
    os.close(made.fd)
    assert len(calls) == len(set(calls)) == 3
    assert [str(tmp_path / name) for name in os.listdir(tmp_path)] == [made.path] == calls[2:]


def test_leftovers_of_dead_runs_are_swept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in (".out.shipper-0123abcd", ".out.shipper-89abcdef"):
        (tmp_path / name / "a").mkdir(parents=True)
        (tmp_path / name / "a/b").write_text("half")
        (tmp_path / name / "a").chmod(0o500)
    others = [".out.shipper-x", ".other.shipper-0123abcd", "out.shipper-0123abcd"]
    for name in others:
        (tmp_path / name).mkdir()
    (tmp_path / ".out.shipper-ffffffff").symlink_to(tmp_path / ".out.shipper-x")
    living = linux.open_folder(str(tmp_path / ".out.shipper-89abcdef"))
    assert linux.try_lock(living)
    go(FIRST, out)
    assert sorted(os.listdir(tmp_path)) == sorted([*others, ".out.shipper-89abcdef", ".out.shipper-ffffffff", "out"])
    os.close(living)
    go(FIRST, out)
    assert ".out.shipper-89abcdef" not in os.listdir(tmp_path)


@pytest.mark.determinism
def test_bytes_and_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    trees = []
    for umask in (0o000, 0o022, 0o077, 0o777):
        previous = os.umask(umask)
        try:
            go(FIRST, tmp_path / f"{umask}")
            assert in_one_step(go(SECOND, tmp_path / f"{umask}"))
            in_place = tmp_path / f"{umask}-here"
            go(FIRST, in_place)
            here = os.getcwd()
            os.chdir(in_place)
            try:
                go(SECOND, in_place)
            finally:
                os.chdir(here)
        finally:
            os.umask(previous)
        trees += [look(tmp_path / f"{umask}"), look(in_place)]
        assert stat.S_IMODE((tmp_path / f"{umask}").stat().st_mode) == 0o755
    assert all(entries == trees[0] for entries in trees)
    assert stat.S_IMODE(trees[0]["key"][0]) == 0o400
    assert stat.S_IMODE(trees[0]["k8s/new"][0]) == 0o755


def test_times_can_be_set(out: Path, request: pytest.FixtureRequest) -> None:
    publish.publish(SECOND, str(out), mtime=1_000_000_000)
    paths = [path for path in look(out) if not (out / path).is_dir()]
    if request.node.callspec.params["out"] == "exchange":
        paths = [*look(out), ""]
    assert {(out / path).stat().st_mtime for path in paths} == {1_000_000_000}


@pytest.mark.parametrize("attack", corpus("path-attacks.json"), ids=lambda attack: ascii(attack["dest"])[:20])
def test_no_dest_leaves_the_tree(attack: dict[str, str], tmp_path: Path) -> None:
    sandbox = tmp_path / "a/b/c/d"
    sandbox.mkdir(parents=True)
    (tmp_path / "x").write_text("safe")
    go(FIRST, sandbox / "out")
    before = look(tmp_path)
    try:
        go([OutputFile(attack["dest"], b"attack")], sandbox / "out")
    except SpecError:
        assert look(tmp_path) == before
        return
    outside = {path: entry for path, entry in look(tmp_path).items() if not path.startswith("a/b/c/d/out/")}
    assert outside == {path: entry for path, entry in before.items() if not path.startswith("a/b/c/d/out/")}
    assert published(sandbox / "out") == {attack["dest"]: (0o644, b"attack")}


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([OutputFile("a", b""), OutputFile("a", b"")], SpecError),
        ([OutputFile("a", b""), OutputFile("A", b"")], SpecError),
        ([OutputFile("./a", b"")], OutputError),
        ([OutputFile("a", b"", 0o4755)], OutputError),
    ],
)
def test_files_that_do_not_fit_are_refused(out: Path, files: list[OutputFile], error: type[ShipperError]) -> None:
    before = look(out.parent)
    with pytest.raises(error):
        go(files, out)
    assert look(out.parent) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"version": 2, "files": []}',
        b'{"version": 1}',
        b'{"version": 1, "files": [{"path": "../safe", "sha256": "%s", "mode": "0644"}]}' % (b"0" * 64),
        b'{"version": 1, "files": [{"path": "/etc/x", "sha256": "%s", "mode": "0644"}]}' % (b"0" * 64),
        b'{"version": 1, "files": [{"path": "x", "sha256": "0", "mode": "0644"}]}',
        b'{"version": 1, "files": [{"path": 1, "sha256": "0", "mode": "0644"}]}',
        b'{"version": 1, "files": [5]}',
        b'{"version": 1, "files": [], "provenance": {"a": NaN}}',
        b'{"version": 1, "files": [], "provenance": {"a": 1e999}}',
    ],
)
def test_a_damaged_manifest_is_refused(out: Path, content: bytes) -> None:
    (out.parent / "safe").write_text("safe")
    (out / ".shipper/manifest.json").write_bytes(content)
    before = look(out.parent)
    with pytest.raises(OutputError, match="manifest"):
        go(SECOND, out)
    assert look(out.parent) == before


def test_a_manifest_that_is_no_file_is_refused(out: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (out / ".shipper/manifest.json").rename(tmp_path_factory.mktemp("x") / "manifest")
    os.mkfifo(out / ".shipper/manifest.json")
    with pytest.raises(OutputError):
        go(SECOND, out)
    shutil.rmtree(out / ".shipper")
    (out / ".shipper").symlink_to(tmp_path_factory.mktemp("y"))
    with pytest.raises(OutputError):
        go(SECOND, out)


@pytest.mark.parametrize(
    "journal",
    [
        b"",
        b"[]",
        b'{"version": 1, "moves": [["0", "../x"]], "deletes": []}',
        b'{"version": 1, "moves": [["../0", "x"]], "deletes": []}',
        b'{"version": 1, "moves": [], "deletes": ["../safe"]}',
        b'{"version": 1, "moves": [], "deletes": [5]}',
        b'{"version": 9, "moves": [], "deletes": []}',
        b'{"version": 1, "moves": [], "deletes": []}',  # without its staging folder
    ],
)
def test_a_damaged_journal_is_refused(out: Path, journal: bytes) -> None:
    (out.parent / "safe").write_text("safe")
    (out / ".shipper/journal").write_bytes(journal)
    before = look(out.parent)
    with pytest.raises(OutputError, match="journal"):
        go(SECOND, out)
    assert look(out.parent) == before


def test_a_journal_does_not_lead_outside_through_links(out: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a").write_text("safe")
    (out / "link").symlink_to(outside)
    (out / ".shipper/staging").mkdir()
    (out / ".shipper/staging/0").write_text("attack")
    (out / ".shipper/journal").write_text('{"version": 1, "moves": [["0", "link/b"]], "deletes": ["link/a"]}')
    with pytest.raises(OutputError, match="link/b"):
        go(SECOND, out)
    assert look(outside) == {"a": (stat.S_IFREG | 0o644, b"safe")}


def test_an_interrupted_update_in_place_is_finished_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    go(FIRST, out)
    monkeypatch.chdir(out)
    monkeypatch.setattr(inplace, "_move", failing(errno.EIO))
    with pytest.raises(OutputError):
        go(SECOND, out)
    monkeypatch.undo()
    assert (out / ".shipper/journal").exists()
    with pytest.raises(TemplateError):
        publish.publish(broken(), str(out))
    assert published(out) == as_published(SECOND)
    assert os.listdir(out / ".shipper") == ["manifest.json"]


def broken() -> Iterator[OutputFile]:
    yield FIRST[0]
    raise TemplateError("no")


def test_staging_without_a_journal_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".shipper/staging").mkdir(parents=True)
    (tmp_path / ".shipper/staging/0").write_text("half")
    monkeypatch.chdir(tmp_path)
    assert not in_one_step(publish.publish(FIRST, "."))
    assert published(tmp_path) == as_published(FIRST)
    assert os.listdir(tmp_path / ".shipper") == ["manifest.json"]


def test_a_parent_that_cannot_be_written_leads_to_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(FIRST, tmp_path / "out")
    monkeypatch.setattr(publish, "make_staging", failing(errno.EACCES))
    result = go(SECOND, tmp_path / "out")
    assert "the folder above can't be written" in result.notes[0]
    assert published(tmp_path / "out") == as_published(SECOND)
    with pytest.raises(OutputError, match="permission denied"):
        go(SECOND, tmp_path / "new")


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that other users can read; pytest's own can't be."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_gets_clear_errors_and_changes_nothing(public_folder: Path) -> None:
    program = (
        "import os, shutil, sys\nfrom shipper.errors import OutputError\n"
        "from shipper.render.publish.publish import OutputFile, publish\n"
        "os.chdir('/'); os.setgid(65534); os.setuid(65534)\n"
        "for name in ('out', 'new', 'closed'):\n"
        "    try:\n        publish([OutputFile('a', b'')], sys.argv[1] + '/' + name)\n"
        "    except OutputError as error:\n        print(error)\n"
    )
    base = public_folder
    go(FIRST, base / "out")
    go(FIRST, base / "closed")
    (base / "closed").chmod(0o700)
    before = look(base)
    done = subprocess.run(
        [sys.executable, "-c", program, str(base)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert [line.split(": ")[-1] for line in done.stdout.splitlines()] == ["permission denied"] * 3
    assert look(base) == before


def test_a_file_system_without_folder_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(FIRST, tmp_path / "out")
    monkeypatch.setattr(fcntl, "flock", failing(errno.EBADF))
    result = go(SECOND, tmp_path / "out")
    assert in_one_step(result)
    assert "no locks" in result.notes[0]
    assert published(tmp_path / "out") == as_published(SECOND)


def test_libc_without_the_calls_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_libc", object())
    go(FIRST, tmp_path / "out")
    assert not in_one_step(go(SECOND, tmp_path / "out"))
    assert published(tmp_path / "out") == as_published(SECOND)


def test_errors_of_the_calls_are_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        linux.exchange(str(tmp_path / "a"), str(tmp_path / "b"))
    with pytest.raises(OSError, match="Bad file descriptor"):
        linux.sync_file_system(-1)


SMALL_DISK = """
import os, sys
from shipper.errors import OutputError
from shipper.render.publish.publish import OutputFile, publish
out, size = sys.argv[1], int(sys.argv[2])
old = [OutputFile(f"k8s/{n}.yaml", b"old" * 100) for n in range(20)]
result = publish(old, out)
assert (not result.notes) == (sys.argv[3] == "one step"), result
def state():
    return sorted((os.path.relpath(os.path.join(folder, name), out), open(os.path.join(folder, name), "rb").read())
                  for folder, _, names in os.walk(out) for name in names)
before, beside = state(), sorted(os.listdir(os.path.dirname(out)))
for files in ([OutputFile("big", b"x" * size)], [OutputFile(f"f{n}", b"x" * 4096) for n in range(size // 4096)]):
    try:
        publish(files, out)
    except OutputError as error:
        assert error.exit_code == 7 and "no space left on device" in str(error), error
    else:
        sys.exit("nothing was full")
    assert state() == before and sorted(os.listdir(os.path.dirname(out))) == beside
publish([OutputFile("fits", b"x")], out)
assert [name for name, _ in state()] == [".shipper/manifest.json", "fits"], state()
print("held")
"""


@pytest.mark.parametrize(("below", "way"), [("/out", "one step"), ("", "in place")])
def test_a_full_disk_leaves_the_old_tree(tmp_path: Path, below: str, way: str) -> None:
    """On a tmpfs of 1 MiB: as a folder in it, and as the mount point itself."""
    disk = tmp_path / "disk"
    disk.mkdir()
    script = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1$4" 2000000 "$5"'
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs user namespaces to mount a small disk")
    command = [*namespace, "sh", "-c", script, "-", str(disk), sys.executable, SMALL_DISK, below, way]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("held\n", 0), done.stderr


def test_a_mount_inside_leads_to_in_place(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom shipper.render.publish.publish import OutputFile, publish\n"
        "out = sys.argv[1]\nopen(out + '/data/mine', 'w').close()\n"
        "result = publish([OutputFile('a', b'2')], out)\n"
        "assert 'another file system' in result.notes[0], result\n"
        "assert open(out + '/a').read() == '2' and os.path.exists(out + '/data/mine')\nprint('held')\n"
    )
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("needs user namespaces to mount a small disk")
    go([OutputFile("a", b"1")], tmp_path / "out")
    (tmp_path / "out/data").mkdir()
    script = 'mount -t tmpfs none "$1/data" && exec "$2" -c "$3" "$1"'
    command = [*namespace, "sh", "-c", script, "-", str(tmp_path / "out"), sys.executable, program]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("held\n", 0), done.stderr


def test_kubectl_reads_the_folder_as_it_is(tmp_path: Path) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    go([OutputFile("k8s/a.yaml", text), OutputFile("b.yaml", text)], tmp_path / "out")
    command = [require("kubectl"), "label", "--local", "-R", "-f", str(tmp_path / "out"), "x=y", "-o", "name"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("configmap/a\nconfigmap/a\n", 0), done.stderr


def test_ten_thousand_files_need_no_memory_for_their_content(tmp_path: Path) -> None:
    program = (
        "import resource, sys\nfrom shipper.render.publish.publish import OutputFile, publish\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "publish((OutputFile(f'{n}', bytes(50_000)) for n in range(20)), sys.argv[1])\n"
        "before = peak()\n"
        "publish((OutputFile(f'{n}', bytes(50_000)) for n in range(2000)), sys.argv[1])\n"
        "assert peak() - before < 20, (before, peak())\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "o")], cwd=REPOSITORY, check=False)
    assert done.returncode == 0


def test_a_manifest_reads_back(tmp_path: Path) -> None:
    entries = [manifest.Entry("ü/b", "0" * 64, 0o600), manifest.Entry("a", "f" * 64, 0o644)]
    (tmp_path / ".shipper").mkdir()
    (tmp_path / ".shipper/manifest.json").write_bytes(manifest.encode(entries))
    fd = linux.open_folder(str(tmp_path))
    try:
        found = manifest.read(fd)
    finally:
        os.close(fd)
    assert found is not None
    assert found == {entry.path: entry for entry in entries}
    assert manifest.encode(entries) == manifest.encode(reversed(entries))
