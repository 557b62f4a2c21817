"""How an operator stands, in words."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shipper.cli.operatorview import WIDTH, shown
from shipper.errors import NetworkError, UsageError
from shipper.operator.ask import asked, from_folder
from shipper.operator.callers import ServiceAccounts, anybody
from shipper.operator.kubeapi import KubeApi
from shipper.operator.run import _identify
from shipper.operator.settings import OperatorSettings
from shipper.operator.state import FOLDER, LICENSE
from shipper.operator.status import ServerShown, SpoolShown, problems
from shipper.serving.addresses import parse_address
from shipper.usage.times import SECOND
from tests.license.sample import VENDOR
from tests.operator.assembled import Assembly
from tests.operator.fakeserver import Answer
from tests.serving.inprocess import Running
from tests.serving.tinyapp import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.operator.assembled import Operator

NEVER = ServerShown(url="http://x", contact="away", problem="it is away", reached=None)
OK = ServerShown(url="http://x", contact="ok", problem="", reached=None)
EMPTY = SpoolShown(events=0, bytes=0, oldest=None, set_aside=0, dropped=0, problem="", last_sent=None)


@pytest.fixture
def assembly(tmp_path: Path) -> Iterator[Assembly]:
    with Assembly(tmp_path / "state") as found:
        yield found


def status(operator: Operator, **license: Any) -> dict[str, Any]:
    """The status, with changes to what is said of the license."""
    found: dict[str, Any] = operator.ask("GET", "/api/v1/status").json
    if found["license"]:
        found["license"] |= license
    return found


def row(text: str, name: str) -> str:
    return next(line[10:] for line in text.splitlines() if line.startswith(name))


@pytest.mark.parametrize(
    ("license", "said"),
    [
        ({"expires_at": None}, "valid, never expires"),
        ({"state": "not_yet_valid", "not_before": "2999-01-01T00:00:00Z"}, "not yet valid: from 2999-01-01T00:00:00Z"),
        ({"state": "expired", "ends_at": "2021-01-01T00:00:00Z"}, "expired since 2021-01-01T00:00:00Z"),
        (
            {"state": "in_grace", "expires_at": "2021-01-01T00:00:00Z", "ends_at": "2021-01-02T00:00:00Z"},
            "in its days of grace: expired at 2021-01-01T00:00:00Z, over",
        ),
    ],
)
def test_the_state_in_words(assembly: Assembly, license: dict[str, Any], said: str) -> None:
    assert row(shown(status(assembly.operator(), **license)), "State") == said


def test_without_a_license(assembly: Assembly) -> None:
    text = shown(status(assembly.operator(fetched=False)))
    assert row(text, "License") == "none yet"
    assert row(text, "Server").startswith("not asked yet, never reached")
    assert "There is no license yet." in text


def test_a_license_that_counts_no_seats(assembly: Assembly) -> None:
    assert row(shown(status(assembly.operator(), seats=None)), "Seats") == "not counted"


def test_everything_fits_and_nothing_reaches_the_terminal(assembly: Assembly) -> None:
    operator = assembly.operator()
    operator.server.fault = lambda _: Answer(503)
    for name in ("a" * 256, "日本語" * 20):
        operator.ask("POST", "/api/v1/sessions", data={"user": {"username": name}})
    operator.ask("POST", "/api/v1/sessions", data={"ci": True})
    found = status(operator)
    found["sessions"][0]["caller"] = found["sessions"][0]["user"] = "\x1b[31mred\u202e\nline"
    text = shown(found)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text.splitlines()) == 9 + 2 + 3
    assert "CI, none" in text
    plain = [line for line in text.splitlines() if line.isascii()]
    assert max(map(len, plain)) <= WIDTH
    assert "3 open, 1 of CI, 3 decided without the server" in text


def test_what_an_admin_should_look_after() -> None:
    spool = msgspec.structs.replace(EMPTY, set_aside=2, dropped=3, problem="disk", events=1)
    found = problems(None, NEVER, spool, 400 * SECOND, ["more"])
    assert [text.split()[0] for text in found] == ["There", "it", "Events", "2", "3", "The", "more"]
    assert problems(None, OK, EMPTY, 0) == found[:1]


def test_a_folder_is_read_without_its_operator(assembly: Assembly) -> None:
    operator = assembly.operator()
    operator.server.fault = lambda _: Answer(503)
    operator.ask("POST", "/api/v1/sessions", data={"user": {"username": "alice"}})
    found = from_folder(str(assembly.folder))
    assert (found.running, found.spool.events, len(found.sessions)) == (False, 1, 1)
    assert found.license is not None
    assert (found.license.id, found.license.verified) == ("lic_00000000000000000000000001", False)
    assert found.operator == operator.parts.sessions.decider.operator
    assert "not verified: lic_" in shown(msgspec.to_builtins(found))
    (assembly.folder / FOLDER / LICENSE).write_text("{}")
    found = from_folder(str(assembly.folder))
    assert found.license is None
    assert any("can't be used" in problem for problem in found.problems)


def test_a_folder_of_nobody(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder of an operator"):
        from_folder(str(tmp_path))


def test_what_answers_is_no_operator() -> None:
    with Running(app) as service, pytest.raises(NetworkError):
        asked(parse_address(service.url.removeprefix("http://")), 5)


def test_callers_are_never_let_in_for_want_of_an_api_server(tmp_path: Path) -> None:
    with Assembly(tmp_path) as assembly:
        settings = OperatorSettings(
            "k" * 20, assembly.server.place, "east", str(tmp_path), (VENDOR.public,), tokens=True
        )
    with contextlib.ExitStack() as opened:
        with pytest.raises(UsageError, match="KUBERNETES_SERVICE_HOST"):
            _identify(settings, None, opened)
        api = KubeApi("127.0.0.1", 1)
        assert isinstance(_identify(settings, api, opened), ServiceAccounts)
        assert _identify(replace(settings, tokens=False), api, opened) is anybody
