"""Objects of the user's own are printed as they are, and templates are left to Helm."""

from __future__ import annotations

from typing import Any

import pytest

from shipper.errors import SpecError
from shipper.setup.extras import without_templates
from shipper.setup.values import Merged

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "yes", "c": "} }"}}
TEXT = "# one\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: on}\n---\n---\nkind: B\n"


def objects(*extra: Any) -> list[Any]:
    return without_templates(Merged({"extraObjects": list(extra)}, ()))


def test_maps_stay_and_texts_are_read_as_kubectl_does() -> None:
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": True}}
    assert objects(MAP, TEXT, "", "# nothing\n") == [MAP, one, {"kind": "B"}]
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


@pytest.mark.parametrize("extra", ["hush", "- hush", "a: {hush", "a: *hush", "a: 1\na: 2"])
def test_what_is_no_object_is_refused(extra: str) -> None:
    with pytest.raises(SpecError) as raised:
        objects(extra)
    assert "extraObjects[0]" in str(raised.value)
    assert "hush" not in str(raised.value)
