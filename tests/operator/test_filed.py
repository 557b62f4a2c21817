"""The license file of an operator: beside a server, and alone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from shipper.license import armor
from shipper.operator.keeper import LicenseKeeper
from shipper.operator.serverclient import ServerClient
from shipper.operator.state import StateFolder
from shipper.usage.decide import Allowed
from shipper.usage.times import DAY, HOUR
from tests import faulty
from tests.faulty import license_json, license_pem
from tests.license.sample import STRANGER, VENDOR
from tests.operator.fakeserver import KEY, Answer, FakeServer
from tests.operator.sample import START, Hands
from tests.operator.test_keeper import code, serial, serve
from tests.serving.certificates import SecretVolume

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEVER = {"expires_at": None}


class Yard:
    """A license file, a server and a clock; the keepers are of one operator that is started again and again."""

    def __init__(self, folder: Path, server: FakeServer) -> None:
        self.folder = folder
        self.server = server
        self.clock = Hands(START + HOUR)
        self.path = folder / "license.pem"
        self.path.write_bytes(license_pem(**NEVER))
        self.state: StateFolder | None = None
        self.client = ServerClient(server.place, KEY)

    def beside(self, **settings: Any) -> LicenseKeeper:
        """One beside the server."""
        return self._started(self.client, {"license_path": str(self.path), **settings})

    def alone(self, **settings: Any) -> LicenseKeeper:
        """One without a server."""
        return self._started(None, {"license_path": str(self.path), **settings})

    def server_is_away(self) -> None:
        self.server.fault = lambda _: Answer(503)

    def _started(self, client: ServerClient | None, settings: dict[str, Any]) -> LicenseKeeper:
        self.close()
        self.state = StateFolder(str(self.folder))
        return LicenseKeeper(client, self.state, (VENDOR.public,), wall=self.clock, **settings)

    def close(self) -> None:
        if self.state is not None:
            self.state.close()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with FakeServer() as server, faulty.ends_within(60):
        found = Yard(tmp_path, server)
        yield found
        found.close()
        found.client.close()


class TestWithAServer:
    def test_at_the_first_start_with_the_server_away(self, yard: Yard) -> None:
        yard.server_is_away()
        keeper = yard.beside()
        assert not keeper.refresh()
        assert (serial(keeper), keeper.verdict(), keeper.status().origin) == (1, Allowed(), "file")
        assert (keeper.status().contact, keeper.status().reached) == ("away", None)

    @pytest.mark.parametrize(
        ("filed", "given", "origin"),
        [
            ({"serial": 1}, {"serial": 2}, "server"),
            ({"serial": 2}, {"serial": 2}, "server"),
            ({"serial": 3}, {"serial": 2}, "file"),
            ({"serial": 3}, {"serial": 1, "id": "lic_other"}, "server"),
        ],
    )
    def test_the_newer_one(self, yard: Yard, filed: dict[str, Any], given: dict[str, Any], origin: str) -> None:
        yard.path.write_bytes(license_pem(**filed))
        serve(yard.server, **given)
        keeper = yard.beside()
        assert keeper.status().origin == "file"
        assert keeper.refresh()
        for _ in range(2):
            status = keeper.status()
            assert (status.origin, status.contact, status.problem, status.file_problem) == (origin, "ok", "", "")
            assert keeper.offline() == 0
            keeper = yard.beside()
            assert keeper.status().origin == origin, "after a restart as well"
            assert keeper.refresh()

    def test_a_server_that_gives_an_older_one_confirms_all_the_same(self, yard: Yard) -> None:
        yard.path.write_bytes(license_pem(serial=3))
        keeper = yard.beside()
        for _ in range(20):
            yard.clock.now += DAY
            assert keeper.refresh()
        assert (serial(keeper), keeper.verdict()) == (3, Allowed())
        yard.server_is_away()
        yard.clock.now += 6 * DAY
        keeper.refresh()
        assert keeper.verdict() == Allowed()
        yard.clock.now += DAY
        assert code(keeper) == "OFFLINE_TOO_LONG"
        assert code(yard.beside()) == "OFFLINE_TOO_LONG"

    def test_days_without_a_server_count_from_when_it_was_seen_first(self, yard: Yard) -> None:
        yard.server_is_away()
        keeper = yard.beside()
        yard.clock.now += 6 * DAY
        yard.path.write_bytes(license_json())
        keeper.look()
        assert yard.beside().verdict() == Allowed()
        yard.clock.now += DAY
        keeper = yard.beside()
        assert code(keeper) == "OFFLINE_TOO_LONG"
        yard.path.write_bytes(license_pem(serial=2))
        keeper.look()
        assert keeper.verdict() == Allowed(), "somebody has brought a new one"

    def test_a_file_that_is_older_than_what_the_server_gave_is_no_problem(self, yard: Yard) -> None:
        yard.path.write_bytes(license_pem(serial=4))
        serve(yard.server, serial=5)
        keeper = yard.beside()
        keeper.refresh()
        yard.path.write_bytes(license_pem(serial=3))
        keeper.look()
        assert (serial(keeper), keeper.status().file_problem) == (5, "")
        keeper = yard.beside()
        assert (serial(keeper), keeper.status().file_problem) == (5, "")

    def test_but_it_is_not_gone_back_to(self, yard: Yard) -> None:
        yard.path.write_bytes(license_pem(serial=3))
        serve(yard.server, serial=5)
        yard.beside().refresh()
        keeper = yard.alone()
        assert keeper.current() is None
        assert "serial 3, not 5 or higher" in keeper.status().file_problem

    def test_what_the_server_may_not_give_leaves_the_files(self, yard: Yard) -> None:
        serve(yard.server, STRANGER, serial=7)
        keeper = yard.beside()
        assert not keeper.refresh()
        assert (serial(keeper), keeper.status().contact) == (1, "license_refused")


class TestAlone:
    def test_nothing_has_to_be_confirmed(self, yard: Yard) -> None:
        keeper = yard.alone()
        yard.clock.now += 1000 * DAY
        assert (keeper.verdict(), keeper.offline(), keeper.status().contact) == (Allowed(), 0, "alone")
        assert keeper.alone

    def test_but_it_expires(self, yard: Yard) -> None:
        yard.path.write_bytes(license_pem(expires_at="2026-02-01T00:00:00Z", grace_days=0))
        keeper = yard.alone()
        yard.clock.now += 60 * DAY
        assert code(keeper) == "LICENSE_EXPIRED"
        keeper.stop()
        yard.clock.now -= 60 * DAY
        assert code(yard.alone()) == "LICENSE_EXPIRED", "the clock was set back, and the operator started anew"

    def test_a_file_that_comes_later(self, yard: Yard) -> None:
        data = yard.path.read_bytes()
        yard.path.unlink()
        keeper = yard.alone()
        assert code(keeper) == "NO_LICENSE"
        assert "no such file" in keeper.status().file_problem
        yard.path.write_bytes(data)
        keeper.look()
        assert (serial(keeper), keeper.status().file_problem) == (1, "")

    @pytest.mark.parametrize(
        ("bad", "told"),
        [
            (b"", "not a license file"),
            (license_pem()[:200], "cut off"),
            (license_json(STRANGER, serial=9), "signed by no trusted key"),
            (license_json(serial=4), "serial 4, not 5 or higher"),
            (license_json(serial=6, product="other"), "for the product"),
            (b"x" * (armor.MAX_BYTES + 1), "larger than the limit"),
            (None, "no such file"),
        ],
    )
    def test_a_bad_file_leaves_the_last_good_license(
        self, yard: Yard, bad: bytes | None, told: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        yard.path.write_bytes(license_pem(serial=5))
        keeper = yard.alone(product="acme")
        yard.path.unlink()
        if bad is not None:
            yard.path.write_bytes(bad)
        caplog.clear()
        for _ in range(3):
            keeper.look()
        assert told in keeper.status().file_problem
        assert sum(told in record.getMessage() for record in caplog.records) == 1
        for found in (keeper, yard.alone(product="acme")):
            assert (serial(found), code(found)) == (5, "")
            assert told in found.status().file_problem
        yard.path.write_bytes(license_pem(serial=6))
        keeper.look()
        assert (serial(keeper), keeper.status().file_problem) == (6, "")

    @pytest.mark.parametrize("data", [license_pem().replace(b"\n", b"\r\n"), license_json() + b"\r\n", license_json()])
    def test_forms_of_the_file(self, yard: Yard, data: bytes) -> None:
        yard.path.write_bytes(data)
        assert serial(yard.alone()) == 1

    def test_a_volume_of_kubernetes(self, yard: Yard, tmp_path: Path) -> None:
        yard.path.unlink()
        (tmp_path / "mount").mkdir()
        volume = SecretVolume(tmp_path / "mount")
        volume.put(license_pem(), b"")
        yard.path.symlink_to(volume.cert)
        keeper = yard.alone()
        assert serial(keeper) == 1
        volume.put(license_pem(serial=2), b"")
        keeper.look()
        assert serial(keeper) == 2

    def test_from_its_thread(self, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shipper.license.watched.LOOK_SECONDS", 0.01)
        keeper = yard.alone()
        keeper.start()
        yard.path.write_bytes(license_pem(serial=2))
        waiting = threading.Event()
        for _ in range(2000):
            if serial(keeper) == 2:
                break
            waiting.wait(0.01)
        keeper.stop()
        assert serial(keeper) == 2

    def test_what_was_kept_of_a_server_is_not_used(self, yard: Yard) -> None:
        serve(yard.server, id="lic_other", serial=9)
        assert yard.beside(license_path=None).refresh()
        keeper = yard.alone()
        assert keeper.current() is not None
        assert (serial(keeper), keeper.status().origin) == (1, "file")
        assert keeper.refresh()

    def test_a_clock_that_was_set_back(self, yard: Yard) -> None:
        keeper = yard.alone()
        yard.clock.now += HOUR
        keeper.clock.judged()
        keeper.stop()
        yard.clock.now -= 2 * HOUR
        assert yard.alone().clock.behind() == 2 * HOUR

    @pytest.mark.parametrize("damage", [b"", b"{", None], ids=["empty", "torn", "gone"])
    def test_marks_that_are_lost_leave_those_of_the_file(self, yard: Yard, damage: bytes | None) -> None:
        yard.path.write_bytes(license_pem(serial=5, **NEVER))
        yard.clock.now += DAY
        yard.alone().stop()
        marks = yard.folder / "operator" / "marks.json"
        marks.unlink() if damage is None else marks.write_bytes(damage)
        yard.path.write_bytes(license_pem(serial=4, **NEVER))
        yard.clock.now = START
        keeper = yard.alone()
        assert serial(keeper) == 5
        assert keeper.status().behind == DAY + HOUR
