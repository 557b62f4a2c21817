"""Objects of the user's own are printed as they are, and templates are left to Helm."""

from __future__ import annotations

from typing import Any

import pytest

from shipper.errors import SpecError
from shipper.setup.extras import without_templates
from shipper.setup.values import Merged

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "yes", "c": "} }"}}
TEXT = """\
# one
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {d: on}
---
---
{kind: D, apiVersion: e/v1, metadata: {name: f}}
"""


def objects(*extra: Any) -> list[Any]:
    return without_templates(Merged({"extraObjects": list(extra)}, ()))


def test_maps_stay_and_texts_are_read_as_kubectl_does() -> None:
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"d": True}}
    other = {"kind": "D", "apiVersion": "e/v1", "metadata": {"name": "f"}}
    assert objects(MAP, TEXT, "", "# nothing\n") == [MAP, one, other]
    assert without_templates(Merged({}, ())) == []
    assert without_templates(Merged({"extraObjects": None}, ())) == []


@pytest.mark.parametrize(
    "extra",
    [
        "kind: {{ .Values.hush }}",
        {**MAP, "data": {"a": ["{{ .Values.hush }}"]}},
        {**MAP, "data": {"{{hush": "a"}},
    ],
)
def test_templates_are_refused(extra: Any) -> None:
    with pytest.raises(SpecError) as raised:
        objects(MAP, extra)
    assert str(raised.value).startswith("extraObjects[1] holds a template of Helm ({{ … }})")
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    "extra",
    [
        "hush",
        "- hush",
        "a: {hush",
        "a: *hush",
        "a: 1\na: 2",
        {"kind": "hush", "metadata": {"name": "a"}},
        {"apiVersion": "v1", "kind": "", "metadata": {"name": "a"}},
        {"apiVersion": "v1", "kind": "hush", "metadata": {"name": True}},
        {"apiVersion": "v1", "kind": "hush", "metadata": ["hush"]},
    ],
)
def test_what_is_no_object_is_refused(extra: Any) -> None:
    with pytest.raises(SpecError) as raised:
        objects(extra)
    assert "extraObjects[0]" in str(raised.value)
    assert "hush" not in str(raised.value)
