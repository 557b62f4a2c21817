"""The OpenAPI 3.1 document of a table of routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from shipper.serving.problems import MEDIA_TYPE, Problem
from shipper.serving.routes import Answer, Route, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

Schemes = Mapping[str, Mapping[str, str]]
Schema = dict[str, Any]

PATH = "/api/v1/openapi.json"
KEYS: Schemes = {
    "key": {"type": "apiKey", "in": "header", "name": "x-license-key", "description": "A license key."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same license key as a bearer token."},
}
_REF = "#/components/schemas/"
_NO_NUL = r"^[^\u0000]*$"
_END = r"$(?!\n)"
"""The end of a text in Python, whose `$` also stands before a line break; in JSON Schema `$` is the end."""
_HEADERS = {
    "etag": "What `If-None-Match` can ask for.",
    "retry-after": "Seconds to wait.",
    "www-authenticate": "How to show a key.",
    "allow": "The methods that are possible.",
    "location": "Where it is.",
    "content-disposition": "A name for the file.",
}


class About(NamedTuple):
    """What the document says of the service. Without `schemes` no route asks for a key."""

    title: str
    version: str
    description: str = ""
    root_path: str = ""
    schemes: Schemes = KEYS


def document_route(routes: Sequence[Route], about: About) -> Route:
    """The public route that serves the document, which lists that route too."""

    async def openapi(_request: Request) -> Response:
        """The document never changes while the server runs."""
        from starlette.responses import Response

        return Response(encoded, media_type="application/json")

    route = Route(
        "GET",
        PATH,
        frozenset({Scope.public}),
        openapi,
        "This document",
        {200: Answer("The OpenAPI 3.1 document.", dict[str, Any])},
    )
    encoded = msgspec.json.encode(document([*routes, route], about))
    return route


def document(routes: Sequence[Route], about: About) -> Schema:
    """The document as JSON-like data, the same for the same routes."""
    schemas, components = _schemas(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, routes, about, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": about.title, "version": about.version, "description": about.description},
        "servers": [{"url": about.root_path or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {name: dict(it) for name, it in about.schemes.items()},
        },
    }


def answers(route: Route, *, keyed: bool = True) -> dict[int, Answer]:
    """The answers of a route, with those that every route of its kind may give."""
    common = {
        400: (True, "The request is malformed.", ()),
        401: (keyed and Scope.public not in route.scopes, "No valid key was shown.", ("www-authenticate",)),
        403: (keyed and Scope.public not in route.scopes, "The key is not for this.", ()),
        404: ("{" in route.path, "There is nothing of this name.", ()),
        413: (route.body is not None, f"The body is longer than {route.max_body} bytes.", ()),
        415: (route.body is not None, "The body is no JSON by its content-type.", ()),
        422: (route.body is not None or bool(_fields(route.query)), "A value is refused; `errors` says which.", ()),
        429: (keyed and Scope.public not in route.scopes, "Too many wrong keys came from here.", ("retry-after",)),
        503: (Scope.public not in route.scopes, "The database is away for now.", ("retry-after",)),
        507: (route.method != "GET", "There is no room to store anything.", ("retry-after",)),
    }
    said = {
        status: Answer(description, Problem, MEDIA_TYPE, headers)
        for status, (when, description, headers) in common.items()
        if when
    }
    return dict(sorted({**said, **route.answers}.items()))


def _operation(route: Route, routes: Sequence[Route], about: About, schemas: _Named) -> Schema:
    public = Scope.public in route.scopes
    needs = sorted(scope.value for scope in route.scopes)
    operation: Schema = {
        "operationId": _operation_id(route),
        "tags": [_tag(route.path)],
        "summary": route.summary,
        "description": route.description,
        "parameters": [*_parameters(route.params, "path", schemas), *_parameters(route.query, "query", schemas)],
        "security": [] if public else [{name: needs} for name in about.schemes],
        "responses": {
            str(status): _response(answer, schemas)
            for status, answer in answers(route, keyed=bool(about.schemes)).items()
        },
    }
    for answer in operation["responses"].values() if route.method == "POST" else ():
        if "content" in answer and (links := _links(route, answer, routes, schemas)):
            answer["links"] = links
    body = route.shown_body if route.shown_body is not None else route.body
    if body is not None:
        content = {"schema": schemas.of(body)} | ({} if route.example is None else {"example": _plain(route.example)})
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return {name: value for name, value in operation.items() if value or name == "security"}


def _parameters(kind: type[msgspec.Struct], place: str, schemas: _Named) -> Iterable[Schema]:
    described = schemas.component(kind)
    for field in _fields(kind):
        schema = dict(described["properties"][field.encode_name])
        choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
        if len(choices) == 1:  # None is how the code says that there is none
            schema = {**{name: value for name, value in schema.items() if name != "anyOf"}, **choices[0]}
        if schema.get("default", ...) is None:
            del schema["default"]
        yield {
            "name": field.encode_name,
            "in": place,
            "required": place == "path" or field.required,
            **({"description": schema.pop("description")} if "description" in schema else {}),
            "schema": schema,
        }


def _response(answer: Answer, schemas: _Named) -> Schema:
    response: Schema = {"description": answer.description}
    names = ("x-request-id", *answer.headers)
    response["headers"] = {
        name: {"description": _HEADERS.get(name, "The id of this answer in the log."), "schema": {"type": "string"}}
        for name in names
    }
    content: Schema = {}
    if answer.body is not None:
        schema = schemas.of(answer.body) if "json" in answer.media_type else {"type": "string"}
        content[answer.media_type] = {"schema": schema}
        if answer.example is not None:
            content[answer.media_type]["example"] = _plain(answer.example)
    content |= {media_type: {"schema": {"type": "string"}} for media_type in answer.texts}
    return response | ({"content": content} if content else {})


def _links(route: Route, answer: Schema, routes: Sequence[Route], schemas: _Named) -> Schema:
    """What can be done with the thing that was made: the routes below this one whose parameter the answer tells."""
    told = schemas.properties(answer["content"].get("application/json", {}).get("schema", {}))
    links = {}
    for other in routes:
        name = other.path.removeprefix(f"{route.path}/{{").removesuffix("}")
        if other.path == f"{route.path}/{{{name}}}" and name in told:
            link = {"operationId": _operation_id(other), "parameters": {name: f"$response.body#/{name}"}}
            links[_operation_id(other)] = link
    return links


class _Named:
    """The schemas of types, by the type."""

    def __init__(self, schemas: Mapping[Any, Schema], components: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self._components = components

    def of(self, kind: Any) -> Schema:
        return self._schemas[_key(kind)]

    def component(self, kind: Any) -> Schema:
        return self._components[self.of(kind)["$ref"].removeprefix(_REF)]

    def properties(self, schema: Schema) -> Schema:
        """The fields of an object by name, nothing for another schema."""
        found: Schema = self._components.get(schema.get("$ref", "").removeprefix(_REF), schema).get("properties", {})
        return found


def _schemas(routes: Sequence[Route]) -> tuple[_Named, dict[str, Schema]]:
    """The schemas of all types, and the components to be shown: parameters stand where they are used."""
    asked = [route.shown_body if route.shown_body is not None else route.body for route in routes]
    given = [answer.body for route in routes for answer in answers(route).values() if "json" in answer.media_type]
    texts = [kind for route in routes for kind in (route.params, route.query)]
    kinds = {_key(kind): kind for kind in (Problem, *asked, *given, *texts) if kind is not None}
    found, components = msgspec.json.schema_components(kinds.values(), ref_template=_REF + "{name}")
    schemas = _Named(dict(zip(kinds, found, strict=True)), components)
    for kind in [*asked, *texts]:
        if kind is not None:
            _for_clients(schemas.of(kind), components, set())
    hidden = {schemas.of(kind)["$ref"].removeprefix(_REF) for kind in texts}
    return schemas, {name: component for name, component in sorted(components.items()) if name not in hidden}


def _key(kind: Any) -> Any:
    return kind if isinstance(kind, type) else repr(kind)


def _for_clients(schema: Any, components: dict[str, Schema], seen: set[str]) -> None:
    """Say of texts that clients send that they have no NUL, which no database would keep; patterns as in ECMA 262."""
    if isinstance(schema, list):
        for item in schema:
            _for_clients(item, components, seen)
    if not isinstance(schema, dict):
        return
    if "pattern" in schema:
        schema["pattern"] = schema["pattern"].replace(_END, "$")
    name = schema.get("$ref", "").removeprefix(_REF)
    if name and name not in seen:
        seen.add(name)
        _for_clients(components[name], components, seen)
    if schema.get("type") == "string" and not {"pattern", "format", "enum"} & schema.keys():
        schema["pattern"] = _NO_NUL
    for word in ("items", "prefixItems", "anyOf", "oneOf", "additionalProperties"):
        _for_clients(schema.get(word), components, seen)
    for inner in schema.get("properties", {}).values():
        _for_clients(inner, components, seen)


def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _plain(example: Any) -> Any:
    return msgspec.to_builtins(example)


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z]+", route.path.removeprefix("/api/v1").replace(".json", ""))
    return route.method.lower() + "".join(word.capitalize() for word in words)


def _tag(path: str) -> str:
    words = re.findall(r"[a-z]+", path.removeprefix("/api/v1").removeprefix("/license/v1"))
    return "service" if not path.startswith(("/api/", "/license/")) or "openapi" in path else words[0]
