from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from shipper.serving import logs
from shipper.serving.access import AccessLog
from shipper.serving.routes import Answer, Route, Scope
from tests.serving.asking import ask
from tests.serving.inprocess import Running
from tests.serving.sample import raising, service
from tests.wire import exchange, until

if TYPE_CHECKING:
    from starlette.types import Receive, Send
    from starlette.types import Scope as Connection

FAILS = Route(
    "GET", "/fails", frozenset({Scope.public}), raising(ZeroDivisionError("as asked")), "Fail", {200: Answer("Never.")}
)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "shipper.serving.access")
    return caplog


def test_a_line_for_each_request(logged: pytest.LogCaptureFixture) -> None:
    assert ask(AccessLog(service()), "GET", "/nothing/here?key=SECRET").status == 404
    (record,) = (record for record in logged.records if record.name == "shipper.serving.access")
    fields = vars(record)
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/nothing/here", 404)
    assert fields["client"] == "192.0.2.1"
    assert "SECRET" not in str(fields)


def test_a_request_that_fails_has_one_too(logged: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Connection, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(AccessLog(app), "GET", "/")
    assert vars(logged.records[0])["status"] == 0


def test_what_is_logged_meanwhile_has_the_id_of_the_request() -> None:
    seen = []

    class Seen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.getMessage(), logs.request_id.get()))

    handler, logger = Seen(), logging.getLogger("shipper.serving")
    logger.addHandler(handler)
    try:
        with Running(service(FAILS)) as running:
            head = b"GET /fails HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine-1\r\nConnection: close\r\n\r\n"
            answer = exchange(running.url, head)
            assert any(("unexpected error", "mine-1") in seen for _ in until(15))
    finally:
        logger.removeHandler(handler)
    assert b"x-request-id: mine-1" in answer
    assert logs.request_id.get() == ""
