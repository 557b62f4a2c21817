"""Structured logs on standard error: one line a record, as JSON or for people, without secrets.

    configure("info", "json")
    hide(license_key)
    logging.getLogger("shipper.server").info("license loaded", extra={"license": "acme"})

A field comes by `extra`. Secrets are replaced by value in messages, arguments, fields and tracebacks. Nothing that a
client sends can begin a new line or reach a terminal as a control sequence.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from shipper.errors import UsageError, did_you_mean, shown
from shipper.serving.masking import Masker

Format = Literal["json", "text"]
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
MAX_TEXT = 8192
"""Longer texts are cut, in characters."""
MAX_DEPTH = 5
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}
_OURS = ("shipper", "uvicorn")
_masker = Masker()

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Set while a request is answered: each line that is logged meanwhile has it."""


def hide(secret: str) -> bool:
    """From now on `secret` is replaced in every line, also where it is URL-encoded or in base64.

    False if it has fewer than 4 characters: such a one is not replaced, and the caller may want to warn.
    """
    return _masker.hide(secret)


def mask(text: str) -> str:
    """`text` without the secrets that were hidden."""
    return _masker.mask(text)


def configure(level: str = "info", format: str = "json") -> None:  # noqa: A002 - as the setting is called
    """Log to standard error from now on; other libraries are heard from warnings on. Raises UsageError."""
    if level not in LEVELS:
        raise UsageError(f"the log level {shown(level)} is not known", hint=_choices(level, list(LEVELS)))
    if format not in get_args(Format):
        raise UsageError(f"the log format {shown(format)} is not known", hint=_choices(format, list(get_args(Format))))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(max(LEVELS[level], logging.WARNING))
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(LEVELS[level])
    # A log that can't be written is no reason to stop serving, nor to write about it where it can't be read
    logging.raiseExceptions = False


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: `time`, `level`, `logger`, `message`, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`, without its end."""
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        for name, value in _fields(record).items():
            line.setdefault(name, value)
        trace = _trace(self, record)
        if trace:
            line["traceback"] = trace
        return json.dumps(line, separators=(",", ":"))


class TextFormatter(logging.Formatter):
    """One line for people: time, level, message, and the fields as `name=value`; a traceback is indented below."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`, without its end."""
        fields = "".join(f" {_printable(name)}={_shown(value)}" for name, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname.lower():7} {record.name}: {_printable(_message(record))}{fields}"
        trace = _trace(self, record)
        return line + "".join(f"\n    {_printable(part)}" for part in trace.splitlines())


def _time(record: logging.LogRecord) -> str:
    instant = datetime.fromtimestamp(record.created, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that don't fit, or can't be written: the text is still worth having
        text = str(record.msg)
    return _cut(mask(text))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {}
    if asked := request_id.get():
        fields["request_id"] = _clean(asked)
    for name, value in vars(record).items():
        if name not in _STANDARD:
            fields[_cut(mask(name))] = _clean(value)
    return fields


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return _cut(mask(formatter.formatException(record.exc_info)), MAX_TEXT * 4)


def _clean(value: Any, depth: int = 0) -> Any:
    """`value` as JSON has it, without secrets."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        text = str(value)
        masked = mask(text)
        plain = masked == text and value - value == 0  # neither a secret nor infinite
        return value if plain else masked
    if isinstance(value, dict | list | tuple | set | frozenset):
        if depth == MAX_DEPTH:
            return "…"
        if isinstance(value, dict):
            return {_cut(mask(_text(name))): _clean(item, depth + 1) for name, item in value.items()}
        return [_clean(item, depth + 1) for item in value]
    return _cut(mask(_text(value)))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - what can't be written is no reason to lose the line
        return f"<{type(value).__name__}>"


def _cut(text: str, longest: int = MAX_TEXT) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _shown(value: Any) -> str:
    """A value behind `=`: quoted where it would not be read as one word."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    plain = bool(text) and text.isprintable() and not any(char in text for char in ' "=')
    return text if plain else '"' + _printable(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _choices(given: str, known: list[str]) -> str:
    return did_you_mean(given, known) or f"one of {', '.join(known)}"
