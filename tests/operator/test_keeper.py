"""The license that the operator goes by: kept, never an older one, never one that doesn't verify."""

from __future__ import annotations

import json
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

from shipper.license import sources
from shipper.operator.keeper import LicenseKeeper
from shipper.operator.serverclient import ServerClient
from shipper.operator.state import LICENSE, MARKS, StateFolder
from shipper.usage.decide import Allowed, Denied
from shipper.usage.times import DAY, HOUR, MINUTE
from tests import faulty
from tests.faulty import license_json, license_pem
from tests.license.sample import OTHER, STRANGER, VENDOR
from tests.operator.fakeserver import KEY, Answer, FakeServer, problem
from tests.operator.sample import START, Hands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[..., LicenseKeeper]

YEAR = 365 * DAY
TRUST = (VENDOR.public, OTHER.public)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake, faulty.ends_within(60):
        yield fake


@pytest.fixture
def clock() -> Hands:
    return Hands(START + HOUR)


@pytest.fixture
def make(server: FakeServer, clock: Hands, tmp_path: Path) -> Iterator[Make]:
    """A keeper as after a restart of the operator: what was kept is there."""
    client = ServerClient(server.place, KEY)
    folders: list[StateFolder] = []

    def made(**settings: Any) -> LicenseKeeper:
        for folder in folders:
            folder.close()
        folders.append(StateFolder(str(tmp_path)))
        given = {"trust": TRUST, "wall": clock, **settings}
        return LicenseKeeper(client, folders[-1], given.pop("trust"), **given)

    yield made
    folders[-1].close()
    client.close()


def serve(server: FakeServer, *signers: Any, **changes: Any) -> None:
    server.license = license_json(*signers, **changes)
    server.etag = f'"{hash(server.license)}"'


def code(keeper: LicenseKeeper) -> str:
    verdict = keeper.verdict()
    return verdict.code if isinstance(verdict, Denied) else ""


def serial(keeper: LicenseKeeper) -> int:
    held = keeper.current()
    assert held is not None
    return held.license.serial


class TestFetching:
    def test_before_the_first(self, make: Make) -> None:
        keeper = make()
        assert keeper.current() is None
        assert code(keeper) == "NO_LICENSE"
        assert keeper.status().contact == "never"

    def test_a_license(self, make: Make, clock: Hands) -> None:
        keeper = make()
        assert keeper.refresh()
        held = keeper.current()
        assert held is not None
        assert (held.license.id, held.confirmed) == ("lic_00000000000000000000000001", clock())
        assert keeper.verdict() == Allowed()
        assert (keeper.status().contact, keeper.status().problem) == ("ok", "")

    def test_one_in_armor(self, make: Make, server: FakeServer) -> None:
        server.license = license_pem()
        assert make().refresh()

    def test_what_has_not_changed_is_not_sent_again(self, make: Make, server: FakeServer, clock: Hands) -> None:
        keeper = make()
        keeper.refresh()
        first = keeper.current()
        clock.now += HOUR
        assert keeper.refresh()
        held = keeper.current()
        assert first is not None
        assert held is not None
        assert held.verified is first.verified
        assert held.confirmed == clock()
        assert server.asked[-1].headers["if-none-match"] == server.etag

    def test_a_new_serial(self, make: Make, server: FakeServer) -> None:
        keeper = make()
        keeper.refresh()
        serve(server, serial=2)
        assert keeper.refresh()
        assert serial(keeper) == 2

    def test_another_license(self, make: Make, server: FakeServer) -> None:
        keeper = make()
        serve(server, serial=9)
        keeper.refresh()
        serve(server, id="lic_00000000000000000000000002", serial=1)
        assert keeper.refresh()
        assert serial(keeper) == 1

    def test_another_trusted_key(self, make: Make, server: FakeServer) -> None:
        serve(server, OTHER)
        assert make().refresh()


class TestRefusing:
    def bad(self, server: FakeServer, make: Make, match: str, **settings: Any) -> LicenseKeeper:
        """A keeper that holds serial 5, and was given what is `bad` then."""
        keeper = make(**settings)
        bad, server.license = server.license, license_json(serial=5)
        assert keeper.refresh()
        server.license, server.etag = bad, '"bad"'
        assert not keeper.refresh()
        assert serial(keeper) == 5
        assert match in keeper.status().problem
        assert keeper.status().contact == "license_refused"
        return keeper

    def test_a_lower_serial(self, server: FakeServer, make: Make) -> None:
        serve(server, serial=4)
        self.bad(server, make, "serial 4, not 5 or higher")

    def test_a_lower_serial_by_way_of_another_license(self, server: FakeServer, make: Make) -> None:
        keeper = make()
        serve(server, serial=5)
        keeper.refresh()
        serve(server, id="lic_00000000000000000000000002")
        keeper.refresh()
        serve(server, serial=4)
        assert not keeper.refresh()
        assert not make().refresh(), "after a restart as well"

    def test_a_stranger(self, server: FakeServer, make: Make) -> None:
        serve(server, STRANGER, serial=6)
        self.bad(server, make, "signed by no trusted key")

    def test_another_product(self, server: FakeServer, make: Make) -> None:
        serve(server, product="other", serial=6)
        self.bad(server, make, "for the product", product="acme")

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html>", b"\xff", b"{" * 5000, license_json()[:-9]])
    def test_what_is_no_license(self, body: bytes, server: FakeServer, make: Make) -> None:
        server.license = body
        self.bad(server, make, "")

    def test_too_much(self, server: FakeServer, make: Make) -> None:
        server.license = b" " * 2_000_000
        keeper = make()
        assert not keeper.refresh()
        assert "larger than the limit" in keeper.status().problem

    def test_it_does_not_count_as_a_sign_of_the_server(self, server: FakeServer, make: Make, clock: Hands) -> None:
        serve(server, serial=4)
        keeper = self.bad(server, make, "")
        clock.now += 7 * DAY
        assert not keeper.refresh()
        assert code(keeper) == "OFFLINE_TOO_LONG"


class TestAway:
    def test_the_license_stays(self, server: FakeServer, make: Make) -> None:
        keeper = make()
        keeper.refresh()
        server.fault = lambda _: Answer(503)
        assert not keeper.refresh()
        assert keeper.current() is not None
        assert keeper.status().contact == "away"
        assert keeper.status().problem == "the license server answers 503"

    def test_a_refused_key_is_said(self, server: FakeServer, make: Make) -> None:
        keeper = make()
        keeper.refresh()
        server.fault = lambda _: problem(401, "UNAUTHORIZED")
        assert not keeper.refresh()
        assert keeper.status().contact == "key_refused"
        assert keeper.verdict() == Allowed()

    def test_for_as_many_days_as_the_license_says(self, server: FakeServer, make: Make, clock: Hands) -> None:
        keeper = make()
        keeper.refresh()
        server.fault = lambda _: Answer(503)
        for _ in range(7 * 24 - 1):
            clock.now += HOUR
            keeper.refresh()
            assert keeper.verdict() == Allowed()
        clock.now += HOUR
        keeper.refresh()
        assert code(keeper) == "OFFLINE_TOO_LONG"
        server.fault = lambda _: None
        assert keeper.refresh()
        assert keeper.verdict() == Allowed()

    def test_also_where_no_day_is_allowed(self, server: FakeServer, make: Make, clock: Hands) -> None:
        serve(server, offline_days=0)
        keeper = make()
        keeper.refresh()
        clock.now += MINUTE
        assert keeper.verdict() == Allowed()
        server.fault = lambda _: Answer(503)
        keeper.refresh()
        assert code(keeper) == "OFFLINE_TOO_LONG"

    def test_a_thread_that_hangs_is_no_contact(self, make: Make, clock: Hands) -> None:
        keeper = make(refresh_seconds=60)
        keeper.refresh()
        clock.now += 7 * DAY
        assert code(keeper) == "OFFLINE_TOO_LONG"

    def test_starting_with_the_server_down(self, server: FakeServer, make: Make, clock: Hands) -> None:
        make().refresh()
        server.fault = lambda _: Answer(503)
        clock.now += 3 * DAY
        keeper = make()
        assert keeper.current() is not None
        keeper.refresh()
        assert keeper.verdict() == Allowed()
        assert keeper.offline() == 3 * DAY
        clock.now += 4 * DAY
        assert code(keeper) == "OFFLINE_TOO_LONG"

    def test_pauses_grow_and_then_it_is_asked_every_few_minutes(self, server: FakeServer, make: Make) -> None:
        keeper = make(refresh_seconds=300)
        server.fault = lambda _: Answer(503)
        for most in (1, 2, 4, 8, 16, 32, 60, 60):
            keeper.refresh()
            assert most / 2 <= keeper.next_refresh() <= most
        server.fault = lambda _: Answer(503, None, {"Retry-After": "700"})
        keeper.refresh()
        assert keeper.next_refresh() == 700
        server.fault = lambda _: None
        keeper.refresh()
        assert len({keeper.next_refresh() for _ in range(50)}) > 40
        assert all(240 <= keeper.next_refresh() <= 360 for _ in range(50))


class TestTime:
    def test_expiry(self, make: Make, clock: Hands) -> None:
        keeper = make()
        clock.now = START + 4 * YEAR
        keeper.refresh()
        assert isinstance(keeper.verdict(), Allowed)
        clock.now = START + 4 * YEAR + DAY
        keeper.refresh()
        verdict = keeper.verdict()
        assert isinstance(verdict, Allowed)
        assert "expired" in verdict.warning
        clock.now += 14 * DAY
        keeper.refresh()
        assert code(keeper) == "LICENSE_EXPIRED"
        status = keeper.status()
        assert status.state is not None
        assert status.state.status == "expired"

    def test_setting_the_clock_back_gains_nothing(self, make: Make, clock: Hands) -> None:
        keeper = make()
        keeper.refresh()
        clock.now = START + 10 * YEAR
        keeper.refresh()
        assert code(keeper) == "LICENSE_EXPIRED"
        keeper.stop()
        clock.now = START + DAY
        for again in (keeper, make()):
            again.refresh()
            assert code(again) == "LICENSE_EXPIRED"
            assert again.status().behind > 9 * YEAR

    def test_nor_while_the_server_is_away(self, server: FakeServer, make: Make, clock: Hands) -> None:
        keeper = make()
        keeper.refresh()
        server.fault = lambda _: Answer(503)
        clock.now += 7 * DAY
        keeper.refresh()
        clock.now -= 6 * DAY
        keeper.refresh()
        assert code(keeper) == "OFFLINE_TOO_LONG"
        assert keeper.offline() == 7 * DAY

    def test_the_mark_is_kept_as_it_runs(self, make: Make, clock: Hands, tmp_path: Path) -> None:
        keeper = make(refresh_seconds=10_000)
        keeper.refresh()
        with open(tmp_path / "operator" / MARKS) as file:
            assert json.load(file) == {"clock": clock(), "serials": {"lic_00000000000000000000000001": 1}}

    def test_a_kept_license_tells_the_time_where_the_mark_is_lost(
        self, server: FakeServer, make: Make, clock: Hands, tmp_path: Path
    ) -> None:
        clock.now = START + 4 * YEAR + 20 * DAY
        make().refresh()
        (tmp_path / "operator" / MARKS).unlink()
        clock.now = START + DAY
        server.fault = lambda _: Answer(503)
        assert code(make()) == "LICENSE_EXPIRED"


class TestKept:
    def test_files_are_of_the_owner_alone(self, make: Make, tmp_path: Path) -> None:
        make().refresh()
        for name in (LICENSE, MARKS):
            assert stat.S_IMODE(os.stat(tmp_path / "operator" / name).st_mode) == 0o600

    @pytest.mark.parametrize("name", [LICENSE, MARKS])
    @pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff" * 100, b'{"clock":-1,"serials":{}}', b"{" * 99_999])
    def test_damage_is_said_and_mended(self, data: bytes, name: str, make: Make, tmp_path: Path) -> None:
        make().refresh()
        (tmp_path / "operator" / name).write_bytes(data)
        keeper = make()
        assert keeper.refresh()
        assert make().current() is not None

    def test_what_was_changed_on_disk_is_not_believed(self, make: Make, tmp_path: Path) -> None:
        make().refresh()
        path = tmp_path / "operator" / LICENSE
        kept = json.loads(path.read_text())
        kept["envelope"] = license_json(STRANGER, serial=99).decode()
        path.write_text(json.dumps(kept))
        assert make().current() is None

    def test_keys_that_are_no_longer_trusted(self, server: FakeServer, make: Make) -> None:
        serve(server, OTHER)
        make().refresh()
        assert make(trust=(VENDOR.public,)).current() is None

    def test_a_disk_that_takes_nothing(self, make: Make, tmp_path: Path) -> None:
        keeper = make()
        os.chmod(tmp_path / "operator", 0o777)  # then nothing is written there
        assert keeper.refresh()
        assert keeper.current() is not None


class TestThread:
    def test_it_fetches_again_and_again(self, server: FakeServer, make: Make) -> None:
        keeper = make(refresh_seconds=0.01)
        keeper.start()
        server.wait_for(lambda: len(server.asked) >= 5)
        keeper.stop()
        assert serial(keeper) == 1

    def test_it_comes_through_an_outage(self, server: FakeServer, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shipper.operator.keeper.FIRST_RETRY", 0.01)
        server.fault = lambda _: Answer(503)
        keeper = make(refresh_seconds=0.01)
        keeper.start()
        server.wait_for(lambda: len(server.asked) >= 3)
        server.fault = lambda _: None
        before = len(server.asked)
        server.wait_for(lambda: len(server.asked) >= before + 2)
        keeper.stop()
        assert serial(keeper) == 1

    def test_it_comes_through_a_mistake_of_ours(
        self, server: FakeServer, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr("shipper.operator.keeper.FIRST_RETRY", 0.01)
        mistakes = iter([RecursionError("too deep"), ValueError("odd")])

        def read(body: bytes, source: str) -> object:
            for mistake in mistakes:
                raise mistake
            return read_answer(body, source)

        read_answer = sources.read_answer
        monkeypatch.setattr("shipper.license.sources.read_answer", read)
        keeper = make(refresh_seconds=0.01)
        keeper.start()
        server.wait_for(lambda: len(server.asked) >= 4)
        keeper.stop()
        assert serial(keeper) == 1
        assert [record.exc_info is not None for record in caplog.records if record.levelname == "ERROR"] == [True] * 2

    def test_stopping_waits_for_nobody(self, server: FakeServer, make: Make) -> None:
        free = threading.Event()

        def hang(_: object) -> None:
            server.changed.release()
            free.wait(30)
            server.changed.acquire()

        server.fault = hang
        keeper = make()
        keeper.start()
        keeper.stop()
        free.set()
