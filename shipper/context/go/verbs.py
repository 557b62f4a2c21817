"""One value by one verb of Go's fmt, with flags, width and precision.

Source: the documentation of fmt; print.go and format.go for flags that it leaves open.
"""

from __future__ import annotations

from datetime import datetime

from shipper.context.go.floats import SHORTEST, format_float
from shipper.context.go.kinds import kind_of
from shipper.context.go.printing import NIL, integer_text, scalar_text, write
from shipper.context.go.quoting import MAX_RUNE, can_be_raw, character, quoted, quoted_character
from shipper.context.go.values import Record
from shipper.context.registry import check_size
from shipper.context.serialize import Writer
from shipper.yamltext import one_line

_BASES = {"b": 2, "o": 8, "O": 8, "x": 16, "X": 16}
_PREFIXES = {"b": "0b", "x": "0x", "X": "0X"}
_DIGITS = {"b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_SIGNED_VERBS = "eEfFgGbxX"
_SIX = 6


class Flags:
    """The flags of one verb; `syntax` is `#` before `v`. None for a width or precision that isn't given."""

    __slots__ = ("minus", "plus", "precision", "sharp", "space", "syntax", "width", "zero")

    def __init__(self) -> None:
        self.sharp = self.zero = self.plus = self.minus = self.space = self.syntax = False
        self.width: int | None = None
        self.precision: int | None = None


def formatted(flags: Flags, verb: str, value: object) -> str:
    """`value` by `verb`; `%!verb(type=value)` where Go can't. Raises LimitError."""
    if value is None:
        return padded(flags, NIL) if verb in "vT" else f"%!{verb}({NIL})"
    if verb == "T":
        return _text(flags, kind_of(value).type)
    if verb in "pw":
        return _bad(flags, verb, value)
    if _is_composite(value):
        writer = Writer()
        write(writer, value, lambda item: _scalar(flags, verb, item), syntax=flags.syntax)
        return writer.text()
    return _scalar(flags, verb, value)


def _is_composite(value: object) -> bool:
    return isinstance(value, (list, tuple, dict, range)) and not isinstance(value, Record)


def _scalar(flags: Flags, verb: str, value: object) -> str:
    check_size((flags.width or 0) + (flags.precision or 0))
    written: str | None = None
    if isinstance(value, (str, Record, datetime)):
        written = _string(flags, verb, scalar_text(value))
    elif isinstance(value, bool):
        written = padded(flags, scalar_text(value)) if verb in "tv" else None
    elif isinstance(value, int):
        written = _integer(flags, verb, value)
    elif isinstance(value, float):
        written = _float(flags, verb, value)
    return _bad(flags, verb, value) if written is None else written


def _bad(flags: Flags, verb: str, value: object) -> str:
    """What Go says about a verb that doesn't fit; the flags hold inside, too."""
    return f"%!{verb}({kind_of(value).type}={formatted(flags, 'v', value)})"


def padded(flags: Flags, text: str, *, zero: bool | None = None) -> str:
    """`text` in the width that is asked for; in zeros if `zero`, else as the flag says."""
    if not flags.width or len(text) >= flags.width:
        return text
    if flags.minus:
        return text.ljust(flags.width)
    return text.rjust(flags.width, "0" if (flags.zero if zero is None else zero) else " ")


def _text(flags: Flags, text: str) -> str:
    return padded(flags, text if flags.precision is None else text[: flags.precision])


def _string(flags: Flags, verb: str, text: str) -> str | None:
    if verb == "s" or (verb == "v" and not flags.syntax):
        return _text(flags, text)
    if verb in "qv":
        text = text if flags.precision is None else text[: flags.precision]
        if flags.sharp and can_be_raw(text):
            return padded(flags, f"`{text}`")
        return padded(flags, quoted(text, ascii_only=flags.plus))
    if verb in "xX":
        return _hexadecimal(flags, verb, text)
    return None


def _hexadecimal(flags: Flags, verb: str, text: str) -> str:
    """The bytes of a text in UTF-8; a precision counts bytes."""
    data = text.encode()
    data = data if flags.precision is None else data[: flags.precision]
    check_size(5 * len(data))
    written = data.hex(" ") if flags.space else data.hex()
    if flags.sharp and data:
        written = "0x" + written.replace(" ", " 0x")
    return padded(flags, written.upper() if verb == "X" else written)


def _integer(flags: Flags, verb: str, value: int) -> str | None:
    if verb in "dv":
        return _digits(flags, verb, value, integer_text(abs(value)))
    if verb in _BASES:
        return _digits(flags, verb, value, format(abs(value), _DIGITS[verb]))
    if verb == "c":
        return padded(flags, character(value))
    if verb == "q":
        return padded(flags, quoted_character(value, ascii_only=flags.plus))
    return _unicode(flags, value) if verb == "U" else None


def _digits(flags: Flags, verb: str, value: int, digits: str) -> str:
    """An integer: precision, or zeros up to the width, then the prefix, then the sign, then blanks."""
    least = flags.precision
    if least == 0 and not value:
        return " " * (flags.width or 0)
    if least is None and flags.zero and not flags.minus and flags.width is not None:
        least = flags.width - (value < 0 or flags.plus or flags.space)
    digits = digits.rjust(least or 0, "0")
    if flags.sharp:
        if verb in _PREFIXES:
            digits = _PREFIXES[verb] + digits
        elif verb in "oO" and not digits.startswith("0"):
            digits = "0" + digits
    if verb == "O":
        digits = "0o" + digits
    sign = "-" if value < 0 else "+" if flags.plus else " " if flags.space else ""
    return padded(flags, sign + digits, zero=False)


def _unicode(flags: Flags, value: int) -> str:
    """`U+0041`; with `#` the character, too."""
    code = value & 0xFFFF_FFFF_FFFF_FFFF
    written = f"U+{code:X}"[2:].rjust(max(4, flags.precision or 0), "0")
    one = chr(code) if flags.sharp and code <= MAX_RUNE else ""
    shown = f" '{one}'" if one and one_line(one) == one else ""
    return padded(flags, f"U+{written}{shown}", zero=False)


def _float(flags: Flags, verb: str, value: float) -> str | None:
    if verb == "v":
        verb, default = "g", SHORTEST
    elif verb in _SIGNED_VERBS:
        default = _SIX if verb in "eEfF" else SHORTEST
    else:
        return None
    verb = "f" if verb == "F" else verb
    precision = default if flags.precision is None else flags.precision
    written = format_float(value, verb, precision)
    sign = written[0] if written[0] in "+-" else "+"
    digits = written.lstrip("+-")
    if flags.space and sign == "+" and not flags.plus:
        sign = " "
    if digits in ("Inf", "NaN"):
        # Go keeps the sign of +Inf, and none on NaN unless it is asked for
        return padded(
            flags, digits if digits == "NaN" and not (flags.space or flags.plus) else sign + digits, zero=False
        )
    if flags.sharp and verb != "b":
        digits = _with_point(verb, digits, precision)
    shown = "" if sign == "+" and not flags.plus else sign
    if shown and flags.zero and not flags.minus and flags.width is not None:
        return shown + digits.rjust(flags.width - 1, "0")
    return padded(flags, shown + digits)


def _with_point(verb: str, text: str, precision: int) -> str:
    """With the flag `#`: always a point, and the zeros that `%g` leaves out."""
    wanted = 0
    if verb in "gGx":
        wanted = _SIX if precision == SHORTEST else precision
    marks = "pP" if verb in "xX" else "eE"
    cut = min((text.index(mark) for mark in marks if mark in text), default=len(text))
    number, tail = text[:cut], text[cut:]
    significant = number.replace(".", "").lstrip("0")
    missing = wanted - len(significant)
    if "." not in number:
        missing -= number == "0"
        number += "."
    return number + "0" * max(0, missing) + tail
