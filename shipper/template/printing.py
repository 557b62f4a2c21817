"""How a value becomes characters of output."""

from __future__ import annotations

from datetime import datetime

from shipper.context.values import scalar_text
from shipper.errors import TemplateError
from shipper.template.runtime import Builtin, Function, Macro, Method, Undefined, kind

_PLAIN = frozenset({str, int, float, bool})


def text_of(value: object) -> str:
    """The characters `value` prints as.

    Raises TemplateError for what has no one obvious form (none, lists, maps, functions …) and for text that is
    no Unicode text.
    """
    if type(value) in _PLAIN or isinstance(value, str):
        text = scalar_text(value)
        if not text.isascii():
            _check_unicode(text)
        return text
    if type(value) is Undefined:
        return str(value)
    raise _refusal(value)


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise TemplateError(f"text holds a lone surrogate (U+{ord(text[error.start]):04X})") from None


def _refusal(value: object) -> TemplateError:
    if isinstance(value, (Function, Builtin, Macro, Method)):
        return TemplateError(f"{value.name} is {kind(value)} and was not called", hint=f"call it: {value.name}(…)")
    if value is None or isinstance(value, (list, tuple, dict, range)):
        return TemplateError(f"{kind(value)} can't be printed", hint="use toYaml or toJson")
    hint = 'use date, as in date("2006-01-02")' if isinstance(value, datetime) else ""
    return TemplateError(f"{kind(value)} can't be printed", hint=hint)
