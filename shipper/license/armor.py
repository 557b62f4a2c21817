"""The text form of a license file.

    -----BEGIN SHIPPER LICENSE-----
    base64 of the envelope, 64 characters a line, the last line 1 to 64
    -----END SHIPPER LICENSE-----

Every line ends in LF, or every line ends in CRLF, the last one too. For each of the two there is exactly one
text for an envelope, and every other text is refused.
"""

from __future__ import annotations

from shipper.errors import LimitError, Position
from shipper.license import encoding
from shipper.license.defects import DefectError

BEGIN = b"-----BEGIN SHIPPER LICENSE-----"
END = b"-----END SHIPPER LICENSE-----"
COLUMNS = 64
MAX_BYTES = 64 * 1024


def armor(envelope: bytes, newline: bytes = b"\n") -> bytes:
    """The license file of an envelope."""
    text = encoding.encode(envelope).encode("ascii")
    body = [text[start : start + COLUMNS] for start in range(0, len(text), COLUMNS)]
    return newline.join([BEGIN, *body, END, b""])


def dearmor(data: bytes, file: str) -> bytes:
    """The envelope in a license file. Raises DefectError, LimitError."""
    if len(data) > MAX_BYTES:
        raise LimitError(f"larger than the limit of {MAX_BYTES:,} bytes", position=Position(file))
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    body = _body(data, newline, file)
    envelope = encoding.decode(body.replace(newline, b"").decode("ascii", "replace"))
    if envelope is None:
        raise DefectError("bad-base64", "the license was altered: its text is not strict base64", file=file)
    if armor(envelope, newline) != data:
        raise DefectError("bad-lines", "the license was altered: its lines are not 64 characters long", file=file)
    return envelope


def _body(data: bytes, newline: bytes, file: str) -> bytes:
    """What stands between the first and the last line."""
    start = data.find(BEGIN)
    if start < 0:
        raise DefectError(
            "no-armor",
            f'this is not a license file: it has no line "{BEGIN.decode()}"',
            file=file,
            hint=_of_ship(data),
        )
    if start > 0:
        raise DefectError("decorated-armor", "something stands before the license in its file", file=file)
    end = data.find(END)
    if end < 0:
        raise DefectError("truncated-armor", f'the license is cut off: no line "{END.decode()}"', file=file)
    tail = data[end + len(END) :]
    if tail in (b"", b"\r"):
        raise DefectError("truncated-armor", "the license is cut off: its last line is not ended", file=file)
    if tail not in (b"\n", b"\r\n"):
        raise DefectError("decorated-armor", "something stands after the license in its file", file=file)
    head = BEGIN + newline
    if not data.startswith(head) or not data.endswith(newline + END + newline) or end <= len(head):
        raise DefectError("bad-lines", "the license was altered: its lines are not as they were made", file=file)
    return data[len(head) : end - len(newline)]


def _of_ship(data: bytes) -> str:
    """The hint for what may be a file of Replicated Ship: JSON or YAML with entitlements."""
    is_one = any(name in data for name in (b'"values"', b"values:", b"entitlements", b'"v1"'))
    return "entitlements of Replicated Ship are not signed: render takes them with --unsigned-license" if is_one else ""
