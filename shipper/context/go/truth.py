"""Which values count as true in Go's text/template."""

from __future__ import annotations

from datetime import datetime

from shipper.context.go.values import Record


def truth(value: object) -> bool:
    """Whether `value` is not the zero of its kind: false, 0, "", nil and what is empty are false.

    Text is true unless it is empty, whatever it says and whatever type it was declared with; a struct always is.
    Source: the documentation of text/template, "if".
    """
    if isinstance(value, str):
        return len(value) > 0
    if isinstance(value, (Record, datetime)):
        return True
    return bool(value)
