"""The OpenAPI document of a table of routes."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from shipper.serving.openapi import About, answers, document
from shipper.serving.routes import Answer, Route
from tests.serving.asking import ask
from tests.serving.sample import OPERATOR, Batch, Named, Period, echo, nobody, routes, service

ABOUT = About("Sample", "1")


def described(*more: Route, about: About = ABOUT) -> Any:
    return json.loads(json.dumps(document([*routes(), *more], about)))


def resolved(found: Any, schema: Any) -> Any:
    reference = schema.get("$ref", "")
    return found["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema


def test_every_route_is_there_and_nothing_else() -> None:
    found = described()
    there = {(method.upper(), path) for path, methods in found["paths"].items() for method in methods}
    assert there == {(route.method, route.path) for route in routes()}
    assert len({one["operationId"] for methods in found["paths"].values() for one in methods.values()}) == len(there)


def test_all_references_lead_somewhere() -> None:
    found = described()
    text = json.dumps(found)
    for part in text.split('"$ref": "')[1:]:
        reference = part.partition('"')[0]
        assert reference.removeprefix("#/components/schemas/") in found["components"]["schemas"]


def test_parameters_of_a_query_are_as_they_are_checked() -> None:
    parameters = {one["name"]: one for one in described()["paths"]["/api/v1/items"]["get"]["parameters"]}
    assert parameters["days"] == {
        "name": "days",
        "in": "query",
        "required": False,
        "description": "How many days.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 30},
    }
    assert parameters["from"]["schema"] == {"type": "string", "format": "date-time"}


def test_a_name_in_the_path_is_required() -> None:
    (parameter,) = described()["paths"]["/api/v1/items/{name}"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("name", "path", True)


def test_a_route_says_who_may() -> None:
    found = described()
    assert found["paths"]["/health"]["get"]["security"] == []
    assert found["paths"]["/api/v1/items"]["get"]["security"] == [{"key": ["operator"]}, {"bearer": ["operator"]}]
    assert described(about=About("x", "1", schemes={}))["paths"]["/api/v1/items"]["get"]["security"] == []


def test_texts_that_are_sent_have_no_nul_and_others_may() -> None:
    class Told(Named, frozen=True):
        other: str = ""

    route = Route("PUT", "/told", OPERATOR, echo, "x", {200: Answer("x", Told)}, body=Batch)
    schemas = described(route)["components"]["schemas"]
    assert not jsonschema_rs.is_valid(schemas["Item"], {"id": "a\0"})
    assert jsonschema_rs.is_valid(schemas["Item"], {"id": "a"})
    assert "pattern" not in schemas["Told"]["properties"]["other"]


def test_each_kind_of_route_has_its_errors() -> None:
    table = {(route.method, route.path): set(answers(route)) for route in routes()}
    assert table["GET", "/health"] == {200, 400}
    assert table["GET", "/api/v1/items"] == {200, 400, 401, 403, 422, 429, 503}
    assert table["POST", "/api/v1/items"] == {200, 400, 401, 403, 413, 415, 422, 429, 503, 507}
    assert table["GET", "/api/v1/items/{name}"] == {200, 400, 401, 403, 404, 429, 503}


def test_an_own_answer_wins_over_the_common_one() -> None:
    route = Route("GET", "/x", OPERATOR, echo, "x", {403: Answer("No seat is free.")})
    assert answers(route)[403].description == "No seat is free."


@pytest.mark.parametrize("path", ["/api/v1/items?dayz=1", "/nothing"])
def test_problems_are_as_described(path: str) -> None:
    schema = described()["components"]
    problem = {**schema["schemas"]["Problem"], "components": schema}
    found = ask(service(), "GET", path).json
    jsonschema_rs.validator_for(problem).validate(found)
    assert found["code"].isupper()


def test_other_forms_of_an_answer_and_examples_are_shown() -> None:
    route = Route(
        "POST",
        "/x",
        OPERATOR,
        echo,
        "x",
        {200: Answer("x", Batch, texts=("text/csv",), headers=("etag",), example={"items": []})},
        query=Period,
        body=dict[str, Any],
        shown_body=Batch,
        example={"items": [{"id": "a"}]},
    )
    operation = described(route)["paths"]["/x"]["post"]
    answer = operation["responses"]["200"]
    assert set(answer["content"]) == {"application/json", "text/csv"}
    assert answer["content"]["application/json"]["example"] == {"items": []}
    assert set(answer["headers"]) == {"etag", "x-request-id"}
    body = operation["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/Batch"}
    assert body["example"] == {"items": [{"id": "a"}]}


def test_it_is_the_same_each_time_and_served_to_all() -> None:
    first, second = (ask(service(authorize=nobody), "GET", "/api/v1/openapi.json") for _ in range(2))
    assert first.body == second.body
    assert first.json["servers"] == [{"url": "/"}]
    assert ask(service(root_path="/pre"), "GET", "/pre/api/v1/openapi.json").json["servers"] == [{"url": "/pre"}]
    assert resolved(first.json, {"$ref": "#/components/schemas/Problem"})["type"] == "object"
