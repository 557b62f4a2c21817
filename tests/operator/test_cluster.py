"""Which cluster it is: by its UID, kept for when the API server is away, and never taken for another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shipper.operator import run
from shipper.operator.ask import from_folder
from shipper.operator.cluster import LONGEST_PAUSE, PATH, WhichCluster
from shipper.operator.life import Life
from shipper.operator.state import CLUSTER, StateFolder
from shipper.usage.events import Event
from tests.operator.assembled import Assembly
from tests.operator.incluster import InCluster, status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shipper.operator.app import Parts
    from tests.operator.assembled import Operator


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    with StateFolder(str(tmp_path / "state")) as found:
        yield found


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[InCluster]:
    """Another cluster."""
    found = InCluster(tmp_path / "elsewhere")
    found.may_read_uid()
    yield found
    found.close()


def test_the_uid_is_read_once_and_kept(kube: InCluster, folder: StateFolder) -> None:
    kube.may_read_uid()
    which = WhichCluster(folder, "east", kube.api)
    assert (which.known, which.identity) == (False, (folder.instance, "east", ""))
    assert which.look() == ""
    uid = kube.cluster.uid
    assert (which.known, which.identity, which.problem) == (True, (folder.instance, "east", uid), "")
    assert which.look() == ""
    assert kube.asked == [("GET", PATH)]
    kube.asked.clear()
    again = WhichCluster(folder, "west", kube.api)
    assert again.identity == (folder.instance, "west", uid), "before it is asked"


def test_a_cluster_without_a_name_has_that_of_its_uid(kube: InCluster, folder: StateFolder) -> None:
    which = WhichCluster(folder, "", kube.api)
    which.look()
    assert which.identity == (folder.instance, folder.instance, ""), "which no other operator has"
    kube.may_read_uid()
    which.look()
    assert which.identity == (folder.instance, kube.cluster.uid, kube.cluster.uid)


def test_outside_of_a_cluster_there_is_no_uid(folder: StateFolder) -> None:
    folder.enter_cluster("from-before")
    which = WhichCluster(folder, "laptop", None)
    assert (which.known, which.look(), which.identity) == (True, "", (folder.instance, "laptop", ""))


def test_it_is_asked_for_again(kube: InCluster, folder: StateFolder) -> None:
    kube.may_read_uid()
    kube.fault = lambda _method, _path: status(503, "ServiceUnavailable")
    which = WhichCluster(folder, "east", kube.api)
    pauses = []
    for _ in range(12):
        assert which.look() == ""
        assert "503 (ServiceUnavailable)" in which.problem
        pauses.append(which.pause())
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1, LONGEST_PAUSE)
    kube.fault = lambda _method, _path: None
    which.look()
    assert (which.known, which.problem) == (True, "")


def test_what_is_not_allowed_is_said_once(
    kube: InCluster, folder: StateFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shipper")
    which = WhichCluster(folder, "east", kube.api)
    for _ in range(3):
        which.look()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "resources: [namespaces], resourceNames: [kube-system], verbs: [get]" in record.getMessage()
    assert which.identity == (folder.instance, "east", "")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, {}), "no namespace with a UID"),
        ((200, {"metadata": {"uid": ""}}), "no namespace with a UID"),
        ((200, {"metadata": {"uid": "a\nb"}}), "no namespace with a UID"),
        ((200, {"metadata": {"uid": "x" * 200}}), "no namespace with a UID"),
        ((200, {"metadata": {"uid": 7}}), "no namespace with a UID"),
        ((200, {"metadata": []}), "no namespace with a UID"),
        (status(401, "Unauthorized"), "own token is not good"),
        (status(404, "NotFound"), "404 (NotFound)"),
        (status(429, "TooManyRequests"), "429"),
        (status(410, "Gone"), "410 (Gone)"),
    ],
)
def test_answers_that_name_no_cluster(
    kube: InCluster, folder: StateFolder, answer: tuple[int, dict[str, Any]], told: str
) -> None:
    kube.fault = lambda _method, _path: answer
    which = WhichCluster(folder, "east", kube.api)
    assert which.look() == ""
    assert told in which.problem
    assert not which.known


def test_a_folder_from_another_cluster_makes_a_new_operator(
    kube: InCluster, elsewhere: InCluster, folder: StateFolder
) -> None:
    kube.may_read_uid()
    WhichCluster(folder, "east", kube.api).look()
    first = folder.instance
    which = WhichCluster(folder, "east", elsewhere.api)
    assert which.identity.cluster_id == kube.cluster.uid, "by what is known"
    said = which.look()
    for text in (kube.cluster.uid, elsewhere.cluster.uid, first, folder.instance):
        assert text in said
    assert folder.instance != first
    assert which.identity == (folder.instance, "east", elsewhere.cluster.uid)
    kept = folder.instance
    assert WhichCluster(folder, "east", elsewhere.api).look() == "", "only once"
    assert folder.instance == kept


def test_a_disk_that_is_full(kube: InCluster, folder: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    kube.may_read_uid()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    which = WhichCluster(folder, "east", kube.api)
    with monkeypatch.context() as patched:
        patched.setattr("shipper.operator.state.files.swap", full)
        which.look()
    assert "no space left on device" in which.problem
    assert not which.known
    which.look()
    assert which.known


@pytest.mark.parametrize("data", [b"", b"\xff", b"a b", b"x" * 500])
def test_a_kept_uid_that_is_none(data: bytes, tmp_path: Path) -> None:
    StateFolder(str(tmp_path)).close()
    (tmp_path / "operator" / CLUSTER).write_bytes(data)
    with StateFolder(str(tmp_path)) as found:
        assert found.cluster == ""


class TestOperator:
    """The whole operator, in the place of a pod."""

    @pytest.fixture
    def place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
        found = Place(tmp_path / "state", monkeypatch)
        yield found
        found.running.close()

    def test_it_reports_the_uid(self, place: Place, kube: InCluster) -> None:
        kube.may_read_uid()
        operator = place.operator(kube)
        place.identify(operator)
        operator.ask("POST", "/api/v1/sessions", data={"user": {"username": "alice"}})
        told = operator.parts.sender.tell("operator_alive")
        assert told is not None
        told.result()
        (claim,) = [asked for asked in operator.server.asked if asked.path == "/api/v1/sessions"]
        assert json.loads(claim.body)["cluster_id"] == kube.cluster.uid
        assert {event.cluster_id for event in events(operator.parts)} == {kube.cluster.uid}
        found = operator.ask("GET", "/api/v1/status").json
        assert (found["cluster"], found["cluster_id"]) == ("east", kube.cluster.uid)
        assert from_folder(str(place.folder)).cluster_id == kube.cluster.uid

    def test_what_is_missing_is_a_problem_and_it_goes_on(self, place: Place, kube: InCluster) -> None:
        operator = place.operator(kube)
        place.identify(operator)
        found = operator.ask("GET", "/api/v1/status").json
        assert found["cluster_id"] == ""
        assert any("resourceNames: [kube-system]" in problem for problem in found["problems"])
        assert operator.ask("GET", "/ready").status == 200

    def test_an_api_server_that_comes_later(self, place: Place, kube: InCluster) -> None:
        kube.may_read_uid()
        away = iter([True, True])
        kube.fault = lambda _method, _path: status(503, "ServiceUnavailable") if next(away, False) else None
        operator = place.operator(kube)

        async def live() -> list[str]:
            life = Life(operator.parts)
            await life.start()
            ids = [operator.parts.sender.identity.cluster_id]
            for _ in range(3000):
                if operator.parts.sender.identity.cluster_id:
                    break
                await asyncio.sleep(0.01)
            ids.append(operator.parts.sender.identity.cluster_id)
            await life.stop()
            return ids

        assert asyncio.run(live()) == ["", kube.cluster.uid]
        assert operator.parts.sessions.decider.cluster_id == kube.cluster.uid
        reported = [
            json.loads(asked.body)["events"] for asked in operator.server.asked if asked.path.endswith("/events")
        ]
        assert [each["kind"] for events in reported for each in events] == ["operator_started"], "it didn't wait for it"

    def test_a_copied_volume(self, place: Place, kube: InCluster, elsewhere: InCluster) -> None:
        kube.may_read_uid()
        first = place.operator(kube)
        place.identify(first)
        one = first.ask("POST", "/api/v1/sessions", data={"user": {"username": "alice"}}).json["id"]
        name = first.parts.sessions.decider.operator
        second = place.operator(elsewhere)
        two = second.ask("POST", "/api/v1/sessions", data={"user": {"username": "bob"}}).json["id"]
        place.identify(second)
        assert second.parts.sessions.decider.operator != name
        assert second.ask("PUT", f"/api/v1/sessions/{one}").status == 404, "it is the other operator's"
        assert second.ask("PUT", f"/api/v1/sessions/{two}").status == 200
        (error,) = [event for event in events(second.parts) if event.kind == "error"]
        assert (error.operator, error.cluster_id) == (second.parts.sessions.decider.operator, elsewhere.cluster.uid)
        assert "comes from another cluster" in error.message
        third = place.operator(elsewhere)
        place.identify(third)
        assert [entry.id for entry in third.parts.sessions.all()] == [two]


class Place:
    """Operators with one folder, one after the other, whose pods are in one or another cluster."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.running = contextlib.ExitStack()
        self._monkeypatch = monkeypatch

    def operator(self, kube: InCluster) -> Operator:
        """One in that cluster; the one before ends."""
        self.running.close()
        self._monkeypatch.setattr(run, "in_this_pod", lambda _environment: kube.api)
        return self.running.enter_context(Assembly(self.folder)).operator()

    def identify(self, operator: Operator) -> None:
        """What the start does."""
        asyncio.run(Life(operator.parts).look_for_the_cluster())


def events(parts: Parts) -> list[Event]:
    """What waits to be sent."""
    return [msgspec.json.decode(each.body, type=Event) for each in parts.spool.take(1000, 10**6)]
