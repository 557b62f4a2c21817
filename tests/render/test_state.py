"""The state file on its own: what is read, what is refused, what is written and when."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shipper.errors import LimitError, OutputError, ShipperError, UsageError
from shipper.render import state as states
from shipper.render.state import StateFile, Value

if TYPE_CHECKING:
    from collections.abc import Callable

VALUE = Value("RandomString", "option pw: value", "s3cret")


def kept(path: Path, key: str = "key", value: Value = VALUE) -> None:
    state = StateFile(str(path), keeps=True)
    state.prepare()
    state.put(key, value)
    state.save()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


def found(path: Path, key: str = "key") -> Value | None:
    return StateFile(str(path), keeps=False).find(key)


def test_what_is_kept_is_found(path: Path) -> None:
    kept(path)
    kept(path, "another", VALUE._replace(text="é\n\x00 "))
    assert found(path) == VALUE
    assert found(path, "another") == VALUE._replace(text="é\n\x00 ")
    assert found(path, "nobody") is None


def test_the_file_is_its_owners_alone(path: Path) -> None:
    old = os.umask(0)
    try:
        kept(path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((path.parent / "state.json.lock").stat().st_mode) == 0o600
    assert sorted(each.name for each in path.parent.iterdir()) == ["state.json", "state.json.lock"]


def test_the_format(path: Path) -> None:
    """As docs/state.md has it; keys, in which arguments stand, are in no clear text."""
    kept(path, '["encryptAES", "password"]')
    data = json.loads(path.read_text())
    assert data.keys() == {"version", "salt", "values"}
    assert data["version"] == 1
    ((id_, value),) = data["values"].items()
    assert len(bytes.fromhex(id_)) == 32
    assert value == {"made_by": "RandomString", "place": "option pw: value", "value": "s3cret"}
    assert "password" not in path.read_text()


def test_the_same_key_is_another_id_in_another_file(tmp_path: Path) -> None:
    ids = []
    for name in ("a", "b"):
        kept(tmp_path / name)
        ids += json.loads((tmp_path / name).read_text())["values"]
    assert ids[0] != ids[1]


def test_without_anything_new_nothing_is_written(path: Path) -> None:
    state = StateFile(str(path), keeps=True)
    state.prepare()
    state.save()
    assert not path.exists()
    kept(path)
    before = path.stat()
    again = StateFile(str(path), keeps=True)
    again.save()
    assert path.stat() == before


def test_what_only_reads_writes_nothing(path: Path) -> None:
    for each in (StateFile(str(path), keeps=False), StateFile(None, keeps=True)):
        each.prepare()
        each.put("key", VALUE)
        each.save()
        assert each.find("key") == VALUE
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o660, 0o601])
def test_others_must_not_read(path: Path, mode: int) -> None:
    kept(path)
    path.chmod(mode)
    with pytest.raises(UsageError, match=f"its mode is 0{mode:o}") as error:
        StateFile(str(path), keeps=False)
    assert error.value.hint == f"chmod 600 {path}"
    assert StateFile(str(path), keeps=False, private=False).find("key") == VALUE


def test_it_belongs_to_who_renders(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who owns it may write it: somebody could plant passwords in a folder that all may write."""
    kept(path)
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(UsageError, match="belongs to another user") as error:
        StateFile(str(path), keeps=False)
    assert error.value.hint == f"chown {me + 1} {path}"
    assert StateFile(str(path), keeps=False, private=False).find("key") == VALUE


def test_a_name_that_is_empty() -> None:
    """As `--state "$FILE"` without that variable: no lock and no file is made anywhere."""
    with pytest.raises(UsageError, match="is empty"):
        StateFile("", keeps=True)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_other_modes_are_fine(path: Path, mode: int) -> None:
    kept(path)
    path.chmod(mode)
    assert found(path) == VALUE


def _link(path: Path) -> None:
    kept(path.with_name("real"))
    path.symlink_to("real")


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is no regular file"),
        (_link, "symbolic link"),
        (_dangling, "symbolic link"),
    ],
)
def test_what_is_no_file(path: Path, make: Callable[[Path], Any], message: str) -> None:
    make(path)
    with pytest.raises(UsageError, match=message):
        StateFile(str(path), keeps=True)


def test_a_device() -> None:
    with pytest.raises(UsageError, match="is no regular file"):
        StateFile("/dev/null", keeps=True)


def good() -> dict[str, Any]:
    return {"version": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "values": {}}


CHANGES: list[dict[str, Any]] = [
    {"version": 2},
    {"version": "1"},
    {"version": None},
    {"salt": ""},
    {"salt": "AAAA"},
    {"salt": 1},
    {"salt": "é"},
    {"salt": "!" * 30},
    {"more": "is lost when the file is written"},
    {"values": []},
    {"values": {"a": 1}},
    {"values": {"a": {}}},
    {"values": {"a": {"made_by": "", "place": "", "value": 1}}},
    {"values": {"a": {"made_by": "", "place": "", "value": "", "more": ""}}},
]
CHANGED = [good() | change for change in CHANGES]


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", "{}", '"x"', "hello: world", "\xff", '{"version": 1}',
        *map(json.dumps, CHANGED),
        '{"version": 1, "version": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "values": {}}',
    ],
)  # fmt: skip
def test_damaged_files_are_refused_and_left_alone(path: Path, content: str) -> None:
    path.write_bytes(content.encode("latin-1"))
    path.chmod(0o600)
    with pytest.raises(UsageError):
        StateFile(str(path), keeps=True)
    assert path.read_bytes() == content.encode("latin-1")


def test_a_good_file_by_hand(path: Path) -> None:
    path.write_text(json.dumps(good()))
    path.chmod(0o600)
    kept(path)
    assert found(path) == VALUE


def test_errors_quote_nothing_of_the_file(path: Path) -> None:
    kept(path)
    path.write_text(path.read_text().replace('"s3cret"', '"s3cret'))
    with pytest.raises(UsageError) as error:
        StateFile(str(path), keeps=True)
    assert "s3cret" not in str(error.value)
    assert error.value.position is None or not error.value.position.text


def test_large_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(path)
    monkeypatch.setattr(states, "MAX_BYTES", 100)
    with pytest.raises(LimitError):
        StateFile(str(path), keeps=True)


def test_many_values(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "MAX_VALUES", 2)
    kept(path, "a")
    kept(path, "b")
    with pytest.raises(LimitError):
        kept(path, "c")
    assert found(path, "b") == VALUE


def test_values_that_are_too_large_leave_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(path)
    before = path.read_bytes()
    monkeypatch.setattr(states, "MAX_BYTES", 1_000)
    with pytest.raises(LimitError):
        kept(path, "large", VALUE._replace(text="x" * 1_000))
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no such file or directory"):
        kept(tmp_path / "nowhere" / "state.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="permission denied"):
            kept(path)
    finally:
        path.parent.chmod(0o700)


FULL = """
import resource, sys
from shipper.render.state import StateFile, Value
from shipper.errors import ShipperError
state = StateFile(sys.argv[1], keeps=True)
state.prepare()
state.put("large", Value("f", "p", "x" * 100_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    state.save()
except ShipperError as error:
    print(error.exit_code, error)
"""


def test_a_full_disk_loses_nothing(path: Path) -> None:
    """The kernel takes the first 50,000 bytes, as a disk that gets full does."""
    kept(path)
    before = path.read_bytes()
    assert resource.RLIMIT_FSIZE
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f'7 can\'t write the state file "{path}": file too large')
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == ["state.json", "state.json.lock"]


def test_one_at_a_time(path: Path) -> None:
    first = StateFile(str(path), keeps=True)
    first.prepare()
    naps: list[float] = []
    second = StateFile(str(path), keeps=True, patience=0.2, sleep=naps.append)
    with pytest.raises(OutputError, match=r"used by another render for more than 0\.2 seconds"):
        second.prepare()
    assert naps
    first.save()
    second.prepare()
    second.close()


def test_the_second_learns_what_the_first_made(path: Path) -> None:
    first, second = (StateFile(str(path), keeps=True) for _ in range(2))
    first.prepare()
    first.put("key", VALUE)

    def nap(_seconds: float) -> None:
        first.save()

    second._sleep = nap
    assert second.find("key") is None
    second.prepare()
    assert second.find("key") == VALUE
    second.put("more", VALUE)
    second.save()
    assert found(path) == found(path, "more") == VALUE


def test_what_was_given_must_stay(path: Path) -> None:
    """Else one output would have values of two states."""
    kept(path)
    state = StateFile(str(path), keeps=True)
    state.give("key", VALUE)
    path.unlink()
    with pytest.raises(OutputError, match="was changed by somebody else"):
        state.prepare()


@pytest.mark.parametrize("change", ["other", "gone", "back"])
def test_what_somebody_else_wrote_meanwhile_is_not_lost(path: Path, change: str) -> None:
    """By hand, or by a run that came in when somebody removed the lock."""
    if change != "back":
        kept(path)
    state = StateFile(str(path), keeps=True)
    state.prepare()
    state.put("mine", VALUE)
    path.with_name("state.json.lock").unlink()
    path.unlink(missing_ok=True)
    if change != "gone":
        kept(path, "another")
    before = path.read_bytes() if path.exists() else b""
    with pytest.raises(OutputError, match="was changed by somebody else"):
        state.save()
    assert (path.read_bytes() if path.exists() else b"") == before


def test_a_lock_that_is_removed_while_it_is_waited_for(path: Path) -> None:
    """What was waited for locks nothing any more: the next run makes another one."""
    first, second, third = (StateFile(str(path), keeps=True, patience=0.1, sleep=lambda _: None) for _ in range(3))
    first.prepare()
    first.put("key", VALUE)

    def nap(_seconds: float) -> None:
        path.with_name("state.json.lock").unlink(missing_ok=True)
        first.save()

    second._sleep = nap
    second.prepare()
    assert second.find("key") == VALUE
    with pytest.raises(OutputError, match="used by another render"):
        third.prepare()
    second.close()


def test_closing_forgets_what_was_not_saved(path: Path) -> None:
    state = StateFile(str(path), keeps=True)
    state.prepare()
    state.put("key", VALUE)
    state.close()
    assert found(path) is None
    kept(path)


def test_the_lock_is_no_link(path: Path) -> None:
    victim = path.with_name("victim")
    path.with_name("state.json.lock").symlink_to(victim)
    with pytest.raises(OutputError):
        kept(path)
    assert not victim.exists()


KILLED = """
import os, signal, sys
from shipper.license import files
from shipper.render.state import StateFile, Value
calls = 0
real = {name: getattr(os, name) for name in ("fsync", "replace", "fchmod", "open")}
def counted(name):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return real[name](*args, **kwargs)
    return call
state = StateFile(sys.argv[1], keeps=True)
state.prepare()
state.put("new", Value("f", "p", "new"))
for name in real:
    setattr(os, name, counted(name))
state.save()
print("saved")
"""


def test_a_kill_at_any_step_leaves_the_old_file_or_the_new_one(path: Path) -> None:
    kept(path)
    before = path.read_bytes()
    outcomes = set()
    for step in range(1, 20):
        path.write_bytes(before)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, path, str(step)], capture_output=True, text=True, check=False
        )
        assert found(path) == VALUE, "what was there is there"
        outcomes.add((done.returncode, found(path, "new") is not None))
        if done.stdout:
            break
    assert outcomes == {(-9, False), (-9, True), (0, True)}


def test_every_error_is_documented(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ShipperError) as error:
        StateFile(str(path), keeps=True)
    assert error.value.exit_code == 2
