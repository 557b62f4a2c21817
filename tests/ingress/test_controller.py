"""What stands in for an ingress controller finds what a real one would refuse, or not do."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.charts.harness import LICENSE_SERVER, one, template
from tests.ingress.controller import PREFIX, configuration, target, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.charts.harness import Object

VALUES = {
    "license": {"key": "a-key-of-twenty-letters", "file": {"existingSecret": "license"}},
    "ingress": {"enabled": True, "className": "nginx", "path": "/licenses", "stripPrefix": True},
}


def objects() -> list[Object]:
    return copy.deepcopy(template(LICENSE_SERVER, VALUES))


def test_the_backend_leads_to_the_container() -> None:
    found = objects()
    (path,) = one(found, "Ingress")["spec"]["rules"][0]["http"]["paths"]
    assert target(found, path["backend"]) == (80, 8080)


def test_the_charts_annotations_mean_something() -> None:
    said = told(one(objects(), "Ingress"))
    assert said["rewrite-target"] == "/$2"
    assert said["proxy-body-size"] == "2m"


def _annotate(name: str, value: Any) -> Callable[[list[Object]], None]:
    def change(found: list[Object]) -> None:
        one(found, "Ingress")["metadata"]["annotations"][f"{PREFIX}{name}"] = value

    return change


def _path(found: list[Object]) -> dict[str, Any]:
    path: dict[str, Any] = one(found, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]
    return path


BROKEN: dict[str, Callable[[list[Object]], object]] = {
    "an annotation that doesn't exist": _annotate("rewrite-traget", "/"),
    "a time with a unit": _annotate("proxy-read-timeout", "60s"),
    "a number": _annotate("proxy-read-timeout", 60),
    "a protocol that doesn't exist": _annotate("backend-protocol", "https"),
    "a pattern as a prefix": lambda found: _path(found).update(pathType="Prefix"),
    "another service": lambda found: _path(found)["backend"]["service"].update(name="other"),
    "another port": lambda found: _path(found)["backend"]["service"].update(port={"number": 81}),
    "another target port": lambda found: one(found, "Service")["spec"]["ports"][0].update(targetPort="web"),
    "another selector": lambda found: one(found, "Service")["spec"]["selector"].update(app="other"),
    "another class": lambda found: one(found, "Ingress")["spec"].update(ingressClassName="other"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found(what: str) -> None:
    found = objects()
    configuration(found, [1], [2, 3])
    BROKEN[what](found)
    with pytest.raises((AssertionError, ValueError, KeyError)):
        configuration(found, [1], [2, 3])
