"""Whether a request is what its route wants: path parameters, query and body, checked against msgspec types.

What is unknown is refused: a misspelled parameter that is passed over gives the wrong report.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect

from shipper.errors import did_you_mean, shown
from shipper.serving.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.requests import Request

T = TypeVar("T")

MAX_PARAMETERS = 50
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `decode` raises; of these msgspec.ValidationError is for JSON that is not what was asked for."""
_MAX_DETAIL = 300
_WHERE = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_FIELD = re.compile(r"field `(.*)`", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?", re.ASCII)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Wrong(NamedTuple):
    """What is wrong with a value: `field` is a path such as `events[3].id`, empty for the whole."""

    field: str
    detail: str


class Texts:
    """A msgspec type whose fields come as texts, as those of a query or a path do."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        info = msgspec.inspect.type_info(kind)
        assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101 - a Route takes nothing else
        self.kind = kind
        self.readers = {field.encode_name: _reader(field.type) for field in info.fields}
        self.empty = None if any(field.required for field in info.fields) else kind()
        self.passes_over = not info.fields and not info.forbid_unknown_fields

    def convert(self, texts: Mapping[str, str]) -> msgspec.Struct:
        """`texts` as the type. Raises msgspec.ValidationError."""
        if not texts and self.empty is not None:
            return self.empty
        values = {name: self.readers.get(name, str)(text) for name, text in texts.items()}
        return msgspec.convert(values, self.kind)


def _reader(kind: msgspec.inspect.Type) -> Callable[[str], Any]:
    """How a text becomes what a field of this type is checked as: a text that doesn't fit remains one."""
    kinds = list(_plain_types(kind))
    if any(isinstance(one, msgspec.inspect.BoolType) for one in kinds):
        return lambda text: {"true": True, "false": False}.get(text, text)
    if any(isinstance(one, (msgspec.inspect.IntType, msgspec.inspect.FloatType)) for one in kinds):
        return lambda text: msgspec.json.decode(text) if _NUMBER.fullmatch(text) else text
    return str


def _plain_types(kind: msgspec.inspect.Type) -> Iterator[msgspec.inspect.Type]:
    """The types that a type may be, without what is said about them."""
    if isinstance(kind, msgspec.inspect.Metadata):
        yield from _plain_types(kind.type)
    elif isinstance(kind, msgspec.inspect.UnionType):
        for one in kind.types:
            yield from _plain_types(one)
    else:
        yield kind


def query(texts: Texts, raw: bytes) -> msgspec.Struct:
    """The query string as a type. Raises ProblemError 422 that names the parameter."""
    if texts.empty is not None and (not raw or texts.passes_over):
        return texts.empty
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS, errors="strict")
    except ValueError:
        detail = f"the query is no URL-encoded UTF-8, or has more than {MAX_PARAMETERS} parameters"
        raise ProblemError(400, "MALFORMED_QUERY", detail) from None
    values = dict(pairs)
    for name, value in values.items():
        if name not in texts.readers:
            hint = did_you_mean(name, texts.readers)
            detail = f"there is no query parameter {shown(name)}{f' ({hint})' if hint else ''}"
            raise refused("INVALID_QUERY", detail, Wrong(name[:_MAX_DETAIL], "unknown"))
        if "\0" in value:
            raise refused("INVALID_QUERY", f"{shown(name)} has a NUL", Wrong(name, "a NUL"))
    if len(values) < len(pairs):
        double = next(name for name in values if sum(name == other for other, _ in pairs) > 1)
        raise refused("INVALID_QUERY", f"the query parameter {shown(double)} is given twice", Wrong(double, "twice"))
    try:
        return texts.convert(values)
    except msgspec.ValidationError as error:
        wrong = explained(error)
        raise refused("INVALID_QUERY", f"the query parameter {shown(wrong.field)}: {wrong.detail}", wrong) from None


def params(texts: Texts, values: Mapping[str, str]) -> msgspec.Struct:
    """The parameters in the path as a type. Raises ProblemError 404: there is nothing of such a name."""
    if not values and texts.empty is not None:
        return texts.empty
    try:
        if any("\0" in value for value in values.values()):
            raise msgspec.ValidationError("a NUL")
        return texts.convert(values)
    except msgspec.ValidationError as error:
        wrong = explained(error)
        name = wrong.field or next(iter(values), "")
        detail = f"nothing is called {shown(values.get(name, ''))}: {wrong.detail}"
        raise ProblemError(404, "NOT_FOUND", detail) from None


async def read_body(request: Request, limit: int) -> bytes:
    """The body, whatever its length says. Raises ProblemError 411, 413, 415; ClientDisconnect."""
    headers = request.headers
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        detail = f"the body's content-type has to be application/json, not {shown(media)}"
        raise ProblemError(415, "UNSUPPORTED_MEDIA_TYPE", detail, headers={"accept": "application/json"})
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ProblemError(415, "UNSUPPORTED_MEDIA_TYPE", "the body has to come without a content-encoding")
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > limit):
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> ProblemError:
    # What follows of the body is not read, so that the connection is of no more use
    return ProblemError(
        413, "BODY_TOO_LARGE", f"the body is longer than {limit} bytes", headers={"connection": "close"}
    )


def decoded(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    """The body as a type. Raises ProblemError 400 for what is no JSON, 422 that names the field."""
    try:
        value = decode(decoder, data)
    except msgspec.ValidationError as error:
        wrong = explained(error)
        where = f"{shown(wrong.field)}: " if wrong.field else ""
        raise refused("INVALID_BODY", f"the body is refused: {where}{wrong.detail}", wrong) from None
    except NO_JSON as error:
        raise ProblemError(400, "MALFORMED_JSON", f"the body can't be read: {explained(error).detail}") from None
    if b"\\u0000" in data and _NUL.search(data):
        raise refused("INVALID_BODY", "the body has a text with a NUL", Wrong("", "a NUL"))
    return value


def decode(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    """`data` as a type, where `7.0` is a whole number too, as it is in JSON Schema.

    Raises NO_JSON.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        if "got `float`" not in str(error):
            raise
    return decoder.decode(msgspec.json.encode(_with_whole_numbers(msgspec.json.decode(data))))


def _with_whole_numbers(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_with_whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {name: _with_whole_numbers(item) for name, item in value.items()}
    return value


def explained(error: Exception) -> Wrong:
    """What one of NO_JSON says, in our words and without backticks."""
    if isinstance(error, UnicodeDecodeError):
        return Wrong("", "it is not in UTF-8")
    if isinstance(error, RecursionError):
        return Wrong("", "it is nested too deeply")
    text = str(error)
    found = _WHERE.search(text)
    where = found[1] if found else ""
    text = text[: found.start()] if found else text
    if named := _FIELD.search(text):
        where = f"{where}.{named[1]}" if where else named[1]
        text = "unknown" if "unknown" in text else "missing"
    if text.startswith("Invalid RFC3339"):
        text = "not a time such as 2026-08-01T09:00:00Z"
    printable = "".join(char if char.isprintable() else "?" for char in text.replace("`", ""))
    return Wrong(where[:_MAX_DETAIL], _lower(printable[:_MAX_DETAIL]))


def refused(code: str, detail: str, *wrong: Wrong) -> ProblemError:
    """The 422 for values that a program can find by `errors`."""
    return ProblemError(422, code, detail, errors=[one._asdict() for one in wrong])


def _lower(text: str) -> str:
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
