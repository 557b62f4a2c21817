from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from shipper.errors import LicenseError, ShipperError, UsageError
from shipper.license.armor import MAX_BYTES
from shipper.license.watched import read_envelope
from shipper.server import serialmark
from shipper.server.licensefile import LicenseHolder, Served, judged, recorder
from shipper.storage.database import BusyError
from shipper.usage.times import micros
from tests.faulty import license_json
from tests.license.sample import NOW, OTHER, STRANGER, VENDOR, envelope, license_file, packed, payload_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shipper.storage.database import Database

AT = micros(NOW)


def written(**changes: object) -> bytes:
    return license_file(payload_bytes(**changes))


GOOD = written(serial=5)
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a license file"),
    "half": (GOOD[: len(GOOD) // 2], "cut off"),
    "one byte less": (GOOD[:-1], "cut off"),
    "altered": (GOOD.replace(b"A", b"B", 1), "altered"),
    "html": (b"<html>", "not a license file"),
    "half of JSON": (license_json()[:100], "cut off, or no JSON"),
    "JSON": (b'{"a": 1}', "no signed envelope"),
    "nested": (b'{"a":' * 10_000, "cut off, or no JSON"),
    "binary": (bytes(range(256)), "not a license file"),
    "huge": (b"x" * (MAX_BYTES + 1), "larger than the limit"),
    "a stranger's": (license_file(payload_bytes(serial=6), STRANGER), "signed by no trusted key"),
    "older": (written(serial=4), "older than the one that was served before: serial 4, not 5"),
    "another product": (written(serial=6, product="other"), 'for another product, "other"'),
    "another customer": (written(serial=6, customer={"id": "x", "name": "X"}), "for another customer"),
    "another payload": (packed(envelope(payload_bytes(serial=6), kind="text/plain")), "which is no license"),
    "no license": (license_file(b"{}"), "is missing"),
}


class Marks:
    """Keeps serials in memory; `away` as a database may be."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}
        self.away = False

    def __call__(self, license_id: str, serial: int) -> int:
        if self.away:
            raise BusyError("the database is away")
        self.kept[license_id] = max(serial, self.kept.get(license_id, 0))
        return self.kept[license_id]


@pytest.fixture
def marks() -> Marks:
    return Marks()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "license.pem"
    path.write_bytes(GOOD)
    return path


@pytest.fixture
def holder(path: Path, marks: Marks) -> LicenseHolder:
    return LicenseHolder(str(path), [VENDOR.public], lambda: AT, marks)


def swap(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


def in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


class TestStart:
    def test_what_is_served(self, holder: LicenseHolder) -> None:
        served = holder.current
        assert (served.license.serial, served.verified, served.keyid) == (5, True, VENDOR.public.keyid)
        assert (served.pem, served.json) == (GOOD, license_json(serial=5))
        assert served.loaded_at == AT
        assert served.problem == ""
        assert served.etag != served.pem_etag

    def test_unverified_without_keys(self, path: Path, marks: Marks, caplog: pytest.LogCaptureFixture) -> None:
        path.write_bytes(license_file(payload_bytes(), STRANGER))
        served = LicenseHolder(str(path), [], lambda: AT, marks).current
        assert (served.verified, served.keyid) == (False, "")
        assert "the license is served unverified" in caplog.text

    @pytest.mark.parametrize(
        "data", [license_json(), license_json() + b"\n", json.dumps(json.loads(license_json()), indent=2).encode()]
    )
    def test_as_json(self, data: bytes, path: Path, marks: Marks) -> None:
        path.write_bytes(data)
        served = LicenseHolder(str(path), [VENDOR.public], lambda: AT, marks).current
        assert (served.json, served.pem) == (license_json(), written())

    @pytest.mark.parametrize(
        "name", [name for name in BAD if not name.startswith(("older", "another product", "another cust"))]
    )
    @pytest.mark.parametrize("trust", [[VENDOR.public], []], ids=["trust", "no trust"])
    def test_what_is_refused(self, name: str, trust: list[object], path: Path, marks: Marks) -> None:
        data, message = BAD[name]
        path.write_bytes(data)
        if not trust and name in {"altered", "a stranger's"}:
            return
        with pytest.raises(LicenseError) as caught:
            LicenseHolder(str(path), trust, lambda: AT, marks)  # type: ignore[arg-type]  # keys, or none
        assert message in caught.value.message
        assert marks.kept == {}

    def test_no_file(self, tmp_path: Path, marks: Marks) -> None:
        with pytest.raises(UsageError, match="no such file"):
            LicenseHolder(str(tmp_path / "none"), [], lambda: AT, marks)

    def test_an_older_one_after_a_restart(self, path: Path, marks: Marks) -> None:
        marks("lic_00000000000000000000000001", 6)
        with pytest.raises(LicenseError, match="serial 5, not 6 or higher") as caught:
            LicenseHolder(str(path), [VENDOR.public], lambda: AT, marks)
        assert "license-server serial --reset lic_00000000000000000000000001" in caught.value.hint

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (
                {"expires_at": "2025-12-25T00:00:00Z", "not_before": "2025-01-01T00:00:00Z"},
                "expired at 2025-12-25T00:00:00Z; its grace ends",
            ),
            (
                {"expires_at": "2025-12-01T00:00:00Z", "not_before": "2025-01-01T00:00:00Z"},
                "expired at 2025-12-01T00:00:00Z",
            ),
            ({"not_before": "2026-02-01T00:00:00Z"}, "valid from 2026-02-01T00:00:00Z only"),
        ],
    )
    def test_times_are_for_others_to_judge(
        self, changes: dict[str, str], said: str, path: Path, marks: Marks, caplog: pytest.LogCaptureFixture
    ) -> None:
        path.write_bytes(written(**changes))
        LicenseHolder(str(path), [VENDOR.public], lambda: AT, marks)
        assert said in caplog.text


class TestChanges:
    @pytest.mark.parametrize("how", [swap, in_place])
    def test_a_newer_one(
        self, how: Callable[[Path, bytes], None], holder: LicenseHolder, path: Path, marks: Marks
    ) -> None:
        assert not holder.look()
        how(path, written(serial=6))
        assert holder.look()
        assert holder.current.license.serial == 6
        assert marks.kept == {"lic_00000000000000000000000001": 6}
        assert not holder.look()

    def test_the_symbolic_link_of_kubernetes(self, tmp_path: Path, marks: Marks) -> None:
        for name, serial in (("..1", 1), ("..2", 2)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "license.pem").write_bytes(written(serial=serial))
        (tmp_path / "..data").symlink_to("..1")
        (tmp_path / "license.pem").symlink_to("..data/license.pem")
        holder = LicenseHolder(str(tmp_path / "license.pem"), [VENDOR.public], lambda: AT, marks)
        assert holder.current.license.serial == 1
        (tmp_path / "..data_tmp").symlink_to("..2")
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")
        assert holder.look()
        assert holder.current.license.serial == 2

    def test_signed_anew_by_two_keys(self, holder: LicenseHolder, path: Path) -> None:
        both = license_file(payload_bytes(serial=5), OTHER, VENDOR)
        path.write_bytes(both)
        assert holder.look()
        assert holder.current.pem == both

    def test_another_license_of_the_same_customer(self, holder: LicenseHolder, path: Path) -> None:
        path.write_bytes(written(id="lic_renewed", serial=1))
        assert holder.look()
        assert holder.current.license.id == "lic_renewed"

    @pytest.mark.parametrize("name", BAD)
    @pytest.mark.parametrize("how", [swap, in_place])
    def test_what_is_never_served(
        self,
        name: str,
        how: Callable[[Path, bytes], None],
        holder: LicenseHolder,
        path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        data, message = BAD[name]
        before = holder.current
        caplog.clear()
        how(path, data)
        for _ in range(3):
            assert not holder.look()
        self.still(holder, before, message)
        assert holder.refused == 1
        (record,) = caplog.records
        assert message in record.getMessage()
        how(path, GOOD)
        assert holder.look()
        assert holder.current == before
        how(path, written(serial=6))
        assert holder.look()
        assert holder.current.problem == ""

    def still(self, holder: LicenseHolder, before: Served, message: str) -> None:
        served = holder.current
        assert message in served.problem
        assert (served.json, served.pem, served.etag, served.license) == (
            before.json,
            before.pem,
            before.etag,
            before.license,
        )

    def test_a_file_that_is_gone(self, holder: LicenseHolder, path: Path) -> None:
        before = holder.current
        path.unlink()
        assert not holder.look()
        self.still(holder, before, "no such file")
        path.write_bytes(GOOD)
        assert holder.look()
        assert holder.current == before

    def test_what_is_no_file(self, holder: LicenseHolder, path: Path) -> None:
        before = holder.current
        path.unlink()
        path.mkdir()
        assert not holder.look()
        self.still(holder, before, "is a directory")
        path.rmdir()
        os.mkfifo(path)
        assert not holder.look()
        self.still(holder, before, "is no regular file")
        path.unlink()
        path.symlink_to(path)
        assert not holder.look()
        self.still(holder, before, "can't read")

    def test_it_waits_for_the_database(self, holder: LicenseHolder, path: Path, marks: Marks) -> None:
        marks.away = True
        path.write_bytes(written(serial=6))
        for _ in range(2):
            assert not holder.look()
        assert (holder.current.license.serial, holder.current.problem) == (5, "the database is away")
        path.write_bytes(GOOD)
        assert holder.look()
        path.write_bytes(written(serial=6))
        marks.away = False
        assert holder.look()
        assert (holder.current.license.serial, holder.current.problem) == (6, "")

    def test_nobody_sees_halves(self, holder: LicenseHolder, path: Path) -> None:
        ended = threading.Event()
        torn: list[Served] = []

        def watch() -> None:
            while not ended.is_set():
                served = holder.current
                whole = read_envelope(served.pem, "").to_json().encode()
                if (
                    whole != served.json
                    or f'"serial":{served.license.serial},'.encode() not in read_envelope(served.json, "").payload
                ):
                    torn.append(served)

        watcher = threading.Thread(target=watch)
        watcher.start()
        for serial in range(6, 60):
            swap(path, written(serial=serial))
            assert holder.look()
            in_place(path, GOOD[:100])
            assert not holder.look()
        ended.set()
        watcher.join()
        assert torn == []


def test_serials_in_a_database(database: Database, path: Path) -> None:
    highest = recorder(database)
    assert [highest("a_%", serial) for serial in (3, 5, 4)] == [3, 5, 5]
    assert highest("b", 1) == 1
    LicenseHolder(str(path), [VENDOR.public], lambda: AT, highest)
    assert database.read(serialmark.serials).result() == {"a_%": 5, "b": 1, "lic_00000000000000000000000001": 5}
    assert serialmark.report(database, None).splitlines()[0] == "a_%: serial 5"
    assert serialmark.report(database, "a_%") == "a_%: serial 5 is forgotten\n"
    assert highest("a_%", 1) == 1
    with pytest.raises(UsageError, match='no license "c" was served'):
        serialmark.report(database, "c")


def test_no_license_yet(database: Database) -> None:
    assert serialmark.report(database, None) == "no license was served yet\n"


def test_a_registrys_password_is_in_no_message(path: Path) -> None:
    secret = "Hunter2-Hunter2"
    registry = {"server": "r.example", "username": "u:x", "password": secret}
    with pytest.raises(ShipperError) as caught:
        judged(license_file(payload_bytes(registry=registry)), str(path), [], 0)
    assert secret not in str(caught.value)
