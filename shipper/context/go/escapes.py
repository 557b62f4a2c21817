"""Text for HTML, JavaScript and the query of a URL, as the functions of Go's text/template escape it.

Source: the documentation of text/template: HTMLEscape, JSEscape; of net/url: QueryEscape.
"""

from __future__ import annotations

from shipper.context.registry import check_size
from shipper.yamltext import Table, one_line

_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS_SHORT = {"\\": "\\\\", "'": "\\'", '"': '\\"'}
_JS_CODED = frozenset("<>&=")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_LONGEST_HTML, _LONGEST_JS, _LONGEST_QUERY = 5, 6, 12


def html_text(text: str) -> str:
    """`text` between tags or in quotes of HTML. Raises LimitError."""
    check_size(len(text) + (_LONGEST_HTML - 1) * sum(text.count(each) for each in "\"'&<>"))
    return text.translate(_HTML)


def js_text(text: str) -> str:
    """`text` in quotes of JavaScript. Raises LimitError."""
    check_size(_LONGEST_JS * len(text))
    return text.translate(_JS)


def query_text(text: str) -> str:
    """`text` as a part of a URL's query: a blank as `+`. Raises LimitError."""
    check_size(_LONGEST_QUERY * len(text))
    return text.translate(_QUERY)


def _js(one: str) -> str:
    if one in _JS_SHORT:
        return _JS_SHORT[one]
    if one in _JS_CODED or one < " " or (not one.isascii() and one_line(one) != one):
        return f"\\u{ord(one):04X}"
    return one


def _query(one: str) -> str:
    if one in _UNRESERVED:
        return one
    return "+" if one == " " else "".join([f"%{byte:02X}" for byte in one.encode()])


_JS = Table(_js)
_QUERY = Table(_query)
