"""The text of a page about an HTTP API, from its routes and their OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shipper.serving.openapi import KEYS, About, document
from shipper.serving.routes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shipper.serving.openapi import Schemes
    from shipper.serving.routes import Route

_ERRORS = """
## Errors

Every error is `application/problem+json` (RFC 9457) with `title`, `status`, `detail` (a sentence for people), and `code` for programs. What a route
says itself stands at the route; the rest is the same everywhere:

| status | code | meaning |
|---|---|---|
| 400 | `MALFORMED_JSON`, `MALFORMED_QUERY`, `INCOMPLETE_BODY` | the request can't be read |
| 404 | `NOT_FOUND` | there is nothing at this path; paths are taken literally, a slash at the end is another path, and nothing is redirected |
| 405 | `METHOD_NOT_ALLOWED` | `Allow` says which methods there are; `HEAD` works wherever `GET` does |
| 413 | `BODY_TOO_LARGE` | the body is longer than the route takes |
| 415 | `UNSUPPORTED_MEDIA_TYPE` | a body is `application/json`, and not compressed |
| 422 | `INVALID_BODY`, `INVALID_QUERY` | a value is refused: `errors` lists each with `field` and `detail`; fields and parameters that are not known are refused, too |
| 431 | `HEADERS_TOO_LARGE` | more than 100 headers, or more than 16 KiB of them with the request line |
| 500 | `INTERNAL_ERROR` | a bug; the log has the error under the id of the answer |
| 503 | `STORAGE_BUSY` | the database is away for now; `Retry-After` says how many seconds to wait |
| 503 | `STORAGE_FAILED` | the database can't be used: its disk fails, or it is damaged |
| 507 | `STORAGE_FULL` | nothing can be stored, and nothing of the request was; `Retry-After` says how many seconds to wait |

Every answer has an `X-Request-Id`, which the log names, too: that of the request if it is 1 to 64 letters, digits and `._-`, otherwise a new one.
Only what is refused before it is a request has none: too large, too slow, or no HTTP ([the limits](serving.md#limits)).
"""


def page(head: str, routes: Sequence[Route], schemes: Schemes = KEYS) -> str:
    """The page: `head`, a table of routes, the errors of all, each route, each object."""
    found = document(routes, About("", "", schemes=schemes))
    keyed = bool(schemes)
    shown = [(route, found["paths"][route.path][route.method.lower()]) for route in routes]
    components = found["components"]["schemas"]
    parts = (
        [head, "\n## Routes\n\n", *_table(shown, keyed=keyed), _ERRORS],
        (text for route, operation in shown for text in _route(route, operation, keyed=keyed)),
        ["\n## Objects\n\nA field that is not required may be left out.\n"],
        (text for name, schema in components.items() for text in _object(name, schema)),
    )
    return "".join(text for part in parts for text in part)


def _table(shown: Iterable[tuple[Route, Any]], *, keyed: bool) -> Iterator[str]:
    yield "| route | |" + (" needs |\n|---|---|---|\n" if keyed else "\n|---|---|\n")
    for route, operation in shown:
        line = f"{route.method} {route.path}"
        link = "#" + re.sub(r"[^a-z0-9 _-]", "", line.lower()).replace(" ", "-")
        yield f"| [`{line}`]({link}) | {operation['summary']} |" + (f" {_scopes(route)} |\n" if keyed else "\n")


def _scopes(route: Route) -> str:
    if Scope.public in route.scopes:
        return "nothing"
    if Scope.app in route.scopes:
        return "a known caller"
    return "a key: " + ", ".join(sorted({*route.scopes, Scope.admin}))


def _route(route: Route, operation: Any, *, keyed: bool) -> Iterator[str]:
    yield f"\n## {route.method} {route.path}\n\n"
    yield f"{operation['summary']}." + (f" {route.description}\n" if route.description else "\n")
    if keyed:
        yield f"\nNeeds {_scopes(route)}.\n"
    if "parameters" in operation:
        yield "\n| parameter | in | type | meaning |\n|---|---|---|---|\n"
        for one in operation["parameters"]:
            required = "" if one["in"] == "path" or not one["required"] else ", required"
            kind = _type(one["schema"])
            yield f"| `{one['name']}` | {one['in']} | {kind}{required} | {_cell(one.get('description', ''))} |\n"
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        yield f"\nBody, at most {_size(route.max_body)}: {_type(content['schema'])}\n"
        if "example" in content:
            yield f"\n```json\n{json.dumps(content['example'], indent=2, ensure_ascii=False)}\n```\n"
    yield "\n| answer | body | meaning |\n|---|---|---|\n"
    for status, answer in sorted(route.answers.items()):
        bodies = operation["responses"][str(status)].get("content", {})
        yield f"| {status} | {', '.join(_body(name, one) for name, one in bodies.items())} | {answer.description} |\n"


def _body(media_type: str, content: Any) -> str:
    if media_type == "application/problem+json":
        return "problem"
    return _type(content["schema"]) if media_type == "application/json" else f"`{media_type}`"


def _size(size: int) -> str:
    return f"{size // 1024**2} MiB" if size % 1024**2 == 0 else f"{size // 1024} KiB"


def _object(name: str, schema: Any) -> Iterator[str]:
    yield f"\n### {name}\n"
    if description := schema.get("description"):
        yield f"\n{' '.join(description.split())}\n"
    if "properties" not in schema:
        yield f"\n{_type(schema)}\n"
        return
    yield "\n| field | type | meaning |\n|---|---|---|\n"
    for field, one in schema["properties"].items():
        kind = _type(one) + (", required" if field in schema.get("required", ()) else "")
        yield f"| `{field}` | {kind} | {_cell(one.get('description', ''))} |\n"


def _type(schema: Any) -> str:
    """A type in a few words, with a link where it is an object of its own."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{str(name).lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"]) + _default(schema)
    if schema.get("maxLength") == 0:
        return "empty"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"]) + _default(schema)
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {_type(schema['items'])}" + _bounds(schema, "Items")
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    word = {"string": "text", "date-time": "time (RFC 3339)", "date": "date"}.get(schema.get("format", kind), kind)
    if kind == "string":
        length = _bounds(schema, "Length")
        return f"{word}{length}{' characters' if length else ''}{_default(schema)}"
    return f"{word}{_bounds(schema, 'imum')}{_default(schema)}"


def _bounds(schema: Any, what: str) -> str:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is None and most is None:
        return ""
    if least is None:
        return f", at most {most}"
    return f", at least {least}" if most is None else f", {least} to {most}"


def _default(schema: Any) -> str:
    default = schema.get("default")
    return "" if default is None or default in ("", {}, []) else f" (default: {json.dumps(default)})"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
