"""Permissions: what an author of octal digits meant, whatever YAML's version makes of a leading zero."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shipper.errors import shown
from shipper.spec.model import Note

if TYPE_CHECKING:
    from shipper.spec.fields import Report
    from shipper.yamlio import Scalar

MAX_MODE = 0o777
_OCTAL = re.compile(r"(?:0o)?([0-7]{1,4})")
_DECIMAL = re.compile(r"[1-9][0-9]{0,3}")


def read_mode(scalar: Scalar, kind: str, report: Report) -> int | None:
    """Permission bits; None for 0, which says nothing in Ship. Raises SpecError.

    Octal digits are octal with and without a leading zero. A number that can't be octal is decimal, as YAML says:
    493 is 0755.
    """
    text = scalar.text
    if text == "0":
        return None
    octal = _OCTAL.fullmatch(text)
    if octal is not None:
        mode = int(octal[1], 8)
        if report.collect is not None and scalar.plain and text[0] != "0":
            note = f'{kind}: "mode" {text} is read as 0{text}, and was decimal for Ship: write the zero'
            report.notes.append(Note(scalar.position, note))
    elif scalar.plain and _DECIMAL.fullmatch(text) and int(text) <= MAX_MODE:
        mode = int(text)
    else:
        raise scalar.error(f'{kind}: "mode" is {shown(text)}', hint="octal digits such as 0644")
    if mode > MAX_MODE:
        raise scalar.error(f'{kind}: "mode" is {shown(text)}', hint="at most 0777: no setuid, setgid or sticky bit")
    return mode
