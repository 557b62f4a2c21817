"""Text for HTML, JavaScript and the query of a URL, as the functions of Go's text/template escape it.

Source: the documentation of text/template: HTMLEscape, JSEscape; of net/url: QueryEscape.
"""

from __future__ import annotations

import re

from shipper.context.registry import check_size
from shipper.yamltext import one_line

_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS_SPECIAL = re.compile(r"""[\\'"<>&=\x00-\x1f]|[^\x00-\x7f]""")
_JS_SHORT = {"\\": "\\\\", "'": "\\'", '"': '\\"'}
_UNRESERVED = re.compile(r"[^A-Za-z0-9_.~-]")


def _count(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))


def html_text(text: str) -> str:
    """`text` between tags or in quotes of HTML. Raises LimitError."""
    check_size(len(text) + 4 * sum(text.count(each) for each in "\"'&<>"))
    return text.translate(_HTML)


def js_text(text: str) -> str:
    """`text` in quotes of JavaScript. Raises LimitError."""
    check_size(len(text) + 5 * _count(_JS_SPECIAL, text))
    return _JS_SPECIAL.sub(_js_escape, text)


def _js_escape(found: re.Match[str]) -> str:
    one = found.group()
    if one in _JS_SHORT:
        return _JS_SHORT[one]
    if one.isascii() or one_line(one) != one:
        return f"\\u{ord(one):04X}"
    return one


def query_text(text: str) -> str:
    """`text` as a part of a URL's query: a blank as `+`. Raises LimitError."""
    check_size(len(text) + 11 * _count(_UNRESERVED, text))
    return _UNRESERVED.sub(_query_escape, text)


def _query_escape(found: re.Match[str]) -> str:
    one = found.group()
    return "+" if one == " " else "".join([f"%{byte:02X}" for byte in one.encode()])
