from __future__ import annotations

import base64
import io
import json
import logging
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import MASK, UsageError
from shipper.server.keys import PREFIXES, generate
from shipper.serving import logs
from shipper.serving.masking import Masker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.serving.routes import Scope

SECRET = 'p&ss/wörd+"x\\'
LOG = logging.getLogger("shipper.tests")


class Written:
    """What was logged so far."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._capture.readouterr().err
        return self._text


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """What is logged; the process' own logging is put back."""
    monkeypatch.setattr(logs, "_masker", Masker())
    root = logging.getLogger()
    kept, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    root.handlers.clear()
    yield Written(capsys)
    root.handlers[:] = kept
    root.setLevel(level)
    logging.raiseExceptions = raising
    for name in ("shipper", "uvicorn"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def records(stream: Written) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json(written: Written) -> None:
    logs.configure("info", "json")
    LOG.info("hello %s", "you", extra={"count": 2, "nested": {"a": [1, None, True]}, "size": 1.5})
    (record,) = records(written)
    assert record.pop("time").endswith("Z")
    assert record == {
        "level": "info", "logger": "shipper.tests", "message": "hello you",
        "count": 2, "nested": {"a": [1, None, True]}, "size": 1.5,
    }  # fmt: skip


def test_text(written: Written) -> None:
    logs.configure("info", "text")
    LOG.warning("hello", extra={"a": "b", "c": 'd "e"', "empty": "", "n": [1]})
    assert written.getvalue().split(" ", 1)[1] == 'warning shipper.tests: hello a=b c="d \\"e\\"" empty="" n=[1]\n'


@pytest.mark.parametrize(
    ("level", "heard"),
    [("debug", "dDiwe"), ("info", "iwe"), ("warning", "we"), ("error", "e")],
)
def test_levels(written: Written, level: str, heard: str) -> None:
    logs.configure(level)
    LOG.debug("d")
    logging.getLogger("uvicorn.error").debug("D")
    LOG.info("i")
    LOG.warning("w")
    LOG.error("e")
    logging.getLogger("other.library").info("not heard")
    assert "".join(record["message"] for record in records(written)) == heard


@pytest.mark.parametrize(("level", "format"), [("loud", "json"), ("info", "xml"), ("INFO", "json"), ("", "json")])
def test_what_is_not_known(level: str, format: str) -> None:  # noqa: A002 - as the setting is called
    with pytest.raises(UsageError, match="is not known"):
        logs.configure(level, format)


def test_uvicorn_and_asyncio_are_heard(written: Written) -> None:
    logs.configure()
    logging.getLogger("uvicorn.error").error("from uvicorn", extra={"color_message": "x"})
    logging.getLogger("asyncio").error("from asyncio")
    assert [record["logger"] for record in records(written)] == ["uvicorn.error", "asyncio"]
    assert "color_message" not in written.getvalue()


def test_configured_twice_it_is_said_once(written: Written) -> None:
    logs.configure()
    logs.configure()
    LOG.info("once")
    assert len(records(written)) == 1


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_client_can_begin_no_line_and_reach_no_terminal(written: Written, format: str) -> None:  # noqa: A002 - as above
    logs.configure("info", format)
    nasty = 'a\nb\r{"level":"error"}\x1b[31m\x00\u2028\u202e\ud800'
    LOG.info("got %s", nasty, extra={"path": nasty, nasty: 1, "list": [nasty], "map": {nasty: nasty}})
    text = written.getvalue()
    assert text.count("\n") == 1
    assert text.isascii()
    assert not set("\r\x1b\x00") & set(text)


def test_a_traceback_in_text_is_indented_and_escaped(written: Written) -> None:
    logs.configure("info", "text")
    try:
        raise ValueError("one\n2026-01-01 forged\x1b[31m")
    except ValueError:
        LOG.exception("failed")
    first, *others = written.getvalue().splitlines()
    assert first.endswith("shipper.tests: failed")
    assert len(others) > 2
    assert all(line.startswith("    ") and "\x1b" not in line for line in others)


def test_a_traceback_in_json(written: Written) -> None:
    logs.configure()
    try:
        raise ValueError("why")
    except ValueError:
        LOG.exception("failed")
    (record,) = records(written)
    assert record["traceback"].endswith("ValueError: why")


def secret_forms() -> dict[str, str]:
    raw = SECRET.encode()
    encoded = base64.b64encode(raw).decode()
    return {
        "plain": SECRET,
        "quoted": quote(SECRET, safe=""),
        "quoted, slash safe": quote(SECRET),
        "quoted, lower": quote(SECRET, safe="").replace("%C3%B6", "%c3%b6").replace("%2F", "%2f").replace("%2B", "%2b")
        .replace("%22", "%22").replace("%5C", "%5c"),
        "form": quote_plus(SECRET),
        "base64": encoded.rstrip("="),
        "base64 of the URL": base64.urlsafe_b64encode(raw).decode().rstrip("="),
        "json": json.dumps(SECRET)[1:-1],
        "json in unicode": json.dumps(SECRET, ensure_ascii=False)[1:-1],
        "repr": repr(SECRET)[1:-1],
        "ascii": ascii(SECRET)[1:-1],
        "bytes": repr(raw)[2:-1],
        "hex": raw.hex(),
    }  # fmt: skip


@pytest.mark.parametrize("form", secret_forms())
@pytest.mark.parametrize("format", ["json", "text"])
def test_a_secret_is_hidden_wherever_it_is(written: Written, form: str, format: str) -> None:  # noqa: A002 - as above
    secret = secret_forms()[form]
    logs.configure("debug", format)
    assert logs.hide(SECRET)
    LOG.info(f"in {secret}")  # noqa: G004 - not as an argument
    LOG.info("argument %s and %r", secret, {"x": secret})
    LOG.info("field", extra={"field": secret, "nested": {secret: [secret]}, secret: 1, "object": Exception(secret)})
    try:
        raise ValueError(secret)
    except ValueError as error:
        try:
            raise KeyError(secret) from error
        except KeyError:
            LOG.exception("failed")
    text = written.getvalue()
    in_json = json.dumps(secret)[1:-1]
    assert secret not in text
    assert in_json not in text
    assert text.count(MASK) >= 8


def test_in_basic_authorization(written: Written) -> None:
    logs.configure()
    logs.hide("hunter2hunter2")
    for user in ("u", "us", "use", "user"):
        LOG.info(base64.b64encode(f"{user}:hunter2hunter2!".encode()).decode())
    assert written.getvalue().count(MASK) == 4


def test_each_line_of_a_private_key(written: Written) -> None:
    logs.configure()
    logs.hide("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n")
    LOG.info("got MC4CAQAwBQYDK2VwBCIEIA")
    assert MASK in written.getvalue()


def test_a_number_that_is_a_secret(written: Written) -> None:
    logs.configure()
    logs.hide("12345678")
    LOG.info("n %d", 12345678, extra={"n": 12345678, "m": 1234, "nan": float("nan"), "inf": float("inf")})
    (record,) = records(written)
    assert (record["message"], record["n"], record["m"]) == (f"n {MASK}", MASK, 1234)
    assert (record["nan"], record["inf"]) == ("nan", "inf")


@pytest.mark.parametrize("scope", PREFIXES)
@pytest.mark.parametrize("hidden", [(), ("hunter2hunter2",)])
def test_a_named_key_is_hidden_by_its_form(written: Written, scope: Scope, hidden: tuple[str, ...]) -> None:
    key = generate([scope])
    logs.configure("debug", "json")
    for secret in hidden:
        logs.hide(secret)
    logs.request_id.set(key)
    LOG.info("got %s", key, extra={"key": key})
    logs.request_id.set("")
    (record,) = records(written)
    assert (record["message"], record["key"], record["request_id"]) == (f"got {MASK}", MASK, MASK)


@pytest.mark.parametrize("secret", ["", "a", "abc"])
def test_a_short_secret_does_not_hide_the_log(written: Written, secret: str) -> None:
    logs.configure()
    assert not logs.hide(secret)
    LOG.info("abc and a")
    assert records(written)[0]["message"] == "abc and a"


def test_the_longer_of_two_secrets_goes_first(written: Written) -> None:
    logs.configure()
    logs.hide("hunter")
    logs.hide("hunter2000")
    LOG.info("x hunter2000 y hunter z")
    assert records(written)[0]["message"] == f"x {MASK} y {MASK} z"


@given(st.text(min_size=4), st.text(), st.text())
def test_any_secret_in_any_text(secret: str, before: str, after: str) -> None:
    masker = Masker()
    masker.hide(secret)
    masked = masker.mask(before + secret + after)
    assert MASK in masked
    assert secret in MASK * 2 or secret not in masked.replace(MASK, "")


def test_a_request_id(written: Written) -> None:
    logs.configure()
    token = logs.request_id.set("r-1")
    LOG.info("inside")
    logs.request_id.reset(token)
    LOG.info("outside")
    inside, outside = records(written)
    assert inside["request_id"] == "r-1"
    assert "request_id" not in outside


def test_fields_cannot_change_what_a_record_says(written: Written) -> None:
    logs.configure()
    LOG.info("true", extra={"level": "error", "time": "never", "logger": "x"})
    (record,) = records(written)
    assert (record["level"], record["logger"]) == ("info", "shipper.tests")
    assert record["time"] != "never"


def test_long_and_deep_values_are_cut(written: Written) -> None:
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    logs.configure()
    LOG.info("x" * 100_000, extra={"y": "y" * 100_000, "deep": deep})
    assert len(written.getvalue()) < 30_000


def test_arguments_that_do_not_fit(written: Written) -> None:
    logs.configure()
    LOG.info("100 %", "x")
    assert records(written)[0]["message"] == "100 %"


@pytest.mark.usefixtures("written")
def test_a_closed_stream_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure()
    stream.close()
    LOG.info("nobody hears this")


class Unprintable:
    def __str__(self) -> str:
        raise ZeroDivisionError


def test_a_value_that_cannot_be_written(written: Written) -> None:
    logs.configure()
    LOG.info("hello", extra={"value": Unprintable()})
    LOG.info("hello %s", Unprintable())
    assert [record["message"] for record in records(written)] == ["hello", "hello %s"]
    assert records(written)[0]["value"] == "<Unprintable>"
