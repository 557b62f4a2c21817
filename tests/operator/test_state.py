"""The operator's folder: one operator at a time, the same name for ever, and marks that don't go back."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from shipper.errors import OutputError, UsageError
from shipper.license import cache
from shipper.license.cache import Kept
from shipper.operator.state import LICENSE, Marks, StateFolder, load_marks, store_marks

if TYPE_CHECKING:
    from pathlib import Path


class TestFolder:
    def test_it_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        with StateFolder(str(tmp_path / "a" / "b")) as folder:
            assert stat.S_IMODE(os.stat(folder.path).st_mode) == 0o700

    def test_in_a_volume_for_everybody(self, tmp_path: Path) -> None:
        os.chmod(tmp_path, 0o777)
        with StateFolder(str(tmp_path)) as folder:
            assert stat.S_IMODE(os.stat(folder.path).st_mode) == 0o700

    def test_its_name_stays(self, tmp_path: Path) -> None:
        with StateFolder(str(tmp_path)) as folder:
            first = folder.instance
        with StateFolder(str(tmp_path)) as folder:
            assert folder.instance == first
        with StateFolder(str(tmp_path / "other")) as folder:
            assert folder.instance != first

    @pytest.mark.parametrize("data", [b"", b"x", b"\xff" * 1000])
    def test_a_name_that_is_none_is_replaced(self, data: bytes, tmp_path: Path) -> None:
        StateFolder(str(tmp_path)).close()
        (tmp_path / "operator" / "instance").write_bytes(data)
        with StateFolder(str(tmp_path)) as folder:
            first = folder.instance
        with StateFolder(str(tmp_path)) as folder:
            assert folder.instance == first

    def test_one_operator_at_a_time(self, tmp_path: Path) -> None:
        with (
            StateFolder(str(tmp_path)),
            pytest.raises(OutputError, match="used by another operator") as caught,
        ):
            StateFolder(str(tmp_path))
        assert caught.value.exit_code == 7
        StateFolder(str(tmp_path)).close()

    def test_one_that_kubernetes_has_opened_to_the_group(self, tmp_path: Path) -> None:
        """As `fsGroup` does at every mount of a volume: a restart of the pod must find all that was kept."""
        with StateFolder(str(tmp_path)) as folder:
            first = folder.instance
            kept = folder.file(LICENSE)
            cache.store(kept, Kept(b"{}", datetime(2026, 1, 1, tzinfo=UTC)))
        os.symlink("license.json", tmp_path / "operator" / "link")
        os.chmod(tmp_path / "operator", 0o2770)
        for name in os.listdir(tmp_path / "operator"):
            os.chmod(tmp_path / "operator" / name, 0o660)
        with StateFolder(str(tmp_path)) as folder:
            assert folder.instance == first
            assert cache.load(kept) is not None
            modes = {stat.S_IMODE(os.stat(folder.file(name)).st_mode) for name in os.listdir(folder.path)}
            assert (stat.S_IMODE(os.stat(folder.path).st_mode), modes) == (0o700, {0o600})

    def test_one_that_others_can_write_to(self, tmp_path: Path) -> None:
        StateFolder(str(tmp_path)).close()
        os.chmod(tmp_path / "operator", 0o702)
        with pytest.raises(OutputError, match="of this user alone"):
            StateFolder(str(tmp_path))

    def test_a_link_to_elsewhere(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "operator").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OutputError, match="of this user alone"):
            StateFolder(str(tmp_path))

    def test_a_file_where_it_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="can't be used"):
            StateFolder(str(tmp_path / "file"))


class TestMarks:
    def test_none(self, tmp_path: Path) -> None:
        assert load_marks(str(tmp_path / "marks.json")) == Marks()

    def test_kept(self, tmp_path: Path) -> None:
        marks = Marks(2**57, {"a": 1, "b": 2**40})
        store_marks(str(tmp_path / "marks.json"), marks)
        assert load_marks(str(tmp_path / "marks.json")) == marks

    def test_a_serial_never_goes_back(self) -> None:
        marks = Marks().with_serial("a", 5).with_serial("b", 1).with_serial("a", 4)
        assert marks.serials == {"a": 5, "b": 1}

    def test_only_so_many(self) -> None:
        marks = Marks(7)
        for number in range(150):
            marks = marks.with_serial(f"l{number}", number)
        assert len(marks.serials) == 100
        assert marks.serials["l149"] == 149
        assert marks.clock == 7

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"[]",
            b"1",
            b'{"clock":1}',
            b'{"clock":true,"serials":{}}',
            b'{"clock":1,"serials":{"a":-1}}',
            b"\xff",
            b'{"clock":253402300800000000,"serials":{}}',
        ],
    )
    def test_damage(self, data: bytes, tmp_path: Path) -> None:
        (tmp_path / "marks.json").write_bytes(data)
        with pytest.raises(UsageError, match="damaged"):
            load_marks(str(tmp_path / "marks.json"))
