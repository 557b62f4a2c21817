from __future__ import annotations

import json
import re
import socket
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from shipper.errors import ShipperError, UsageError
from shipper.kubernetes import schemas as module
from shipper.kubernetes.enums import ENUMS
from shipper.kubernetes.schemas import Absent, Compiled, Schemas, gvk_of
from shipper.kubernetes.validate import check, path_text

if TYPE_CHECKING:
    from pathlib import Path


@cache
def schemas(version: str = "1.31") -> Schemas:
    return Schemas(version)


def said(data: object, using: Schemas | None = None) -> list[str]:
    return [f"{path_text(each.path)}: {each.message}" for each in check(data, using or schemas()).problems]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("something was fetched")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.parametrize("asked", ["1.31", "v1.31", "1.31.2", "v1.31.14", "1.31.0+k3s1", "1.31.4-gke.1000"])
def test_versions_are_found(asked: str) -> None:
    assert Schemas(asked).version == "1.31"


def test_the_newest_is_the_default() -> None:
    versions = list(module.versions(module.data_folder()))
    assert Schemas().version == versions[-1] == max(versions, key=lambda each: int(each.partition(".")[2]))


@pytest.mark.parametrize("asked", ["", "1", "1.5", "2.0", "latest ", "true", "../1.31", "1.31\n"])
def test_unknown_versions_name_those_there_are(asked: str) -> None:
    with pytest.raises(UsageError) as caught:
        Schemas(asked)
    assert "1.30, 1.31, 1.32" in caught.value.hint


@pytest.mark.parametrize("missing", ["jsonschema_rs", "kubernetes_validate"])
def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == missing else find_spec(name))
    with pytest.raises(UsageError, match=missing.replace("_", "-")) as caught:
        Schemas()
    assert caught.value.hint == "pip install jsonschema-rs kubernetes-validate"


def test_every_kind_of_every_version_compiles() -> None:
    """In the oldest and the newest version."""
    versions = list(module.versions(module.data_folder()))
    for version in (versions[0], versions[-1]):
        found = Schemas(version)
        found.load()
        assert len(found._kinds) > 150
        for gvk in found._kinds:
            assert isinstance(found.find(gvk), Compiled)


UNSAID = {"scheme", "accessModes", "volumeMode", "volumeBindingMode", "type"}
"""Fields whose values the descriptions don't name, or not all."""


@pytest.mark.parametrize("version", ["1.25", "1.31", "latest"])
def test_enums_are_of_fields_that_exist(version: str) -> None:
    found = schemas(version)
    found.load()
    assert found._definitions is not None
    for (name, field), values in ENUMS.items():
        if name not in found._definitions:
            continue
        schema = found._definitions[name]["properties"][field]
        limited = schema.get("items", schema)
        assert "string" in limited["type"]
        if field not in UNSAID:
            assert [value for value in values if value not in schema["description"]] == [], (name, field)


@pytest.mark.parametrize(
    ("api_version", "kind", "message"),
    [
        (
            "extensions/v1beta1",
            "Ingress",
            "extensions/v1beta1 Ingress is not in Kubernetes 1.31 (networking.k8s.io/v1 is)",
        ),
        ("v1", "Deployment", "v1 Deployment is not in Kubernetes 1.31 (apps/v1 is)"),
        ("policy/v1beta1", "PodSecurityPolicy", "policy/v1beta1 PodSecurityPolicy is not in Kubernetes 1.31"),
        ("batch/v1beta1", "CronJob", "batch/v1beta1 CronJob is not in Kubernetes 1.31 (batch/v1 is)"),
        ("rbac.authorization.k8s.io/v1", "Rol", "rbac.authorization.k8s.io/v1 Rol is not in Kubernetes 1.31"),
        ("apps/v1", "deployment", "apps/v1 deployment is not in Kubernetes 1.31"),
        ("example.com/v1", "Deployment", ""),
        ("serving.knative.dev/v1", "Service", ""),
        ("apps.example.com/v1", "Deployment", ""),
        ("snapshot.storage.k8s.io/v1", "VolumeSnapshot", ""),
        ("v1", "Config", ""),
        ("skaffold/v4beta6", "Config", ""),
        ("app/v1", "Deployment", "app/v1 Deployment is not in Kubernetes 1.31 (apps/v1 is)"),
        ("admission.k8s.io/v1", "AdmissionReview", ""),
        ("imagepolicy.k8s.io/v1alpha1", "ImageReview", ""),
        ("extensions/v1beta1", "Nonsense", "extensions/v1beta1 Nonsense is not in Kubernetes 1.31"),
        ("apps/v1", "../../etc/passwd", "apps/v1 ../../etc/passwd is not in Kubernetes 1.31"),
    ],
)
def test_types_that_are_not_there(api_version: str, kind: str, message: str) -> None:
    found = schemas().find(gvk_of(api_version, kind))
    assert isinstance(found, Absent)
    assert found.message == message


def test_a_type_of_a_later_version_is_named() -> None:
    found = schemas("1.25").find(gvk_of("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"))
    assert isinstance(found, Absent)
    assert "but in 1.30 to" in found.message


def test_what_was_never_required_is_not_required() -> None:
    """Of a field that a later version leaves open the API server never asked, in types that are stable."""
    versions = list(module.versions(module.data_folder()))
    newest = Schemas(versions[-1])
    newest.load()
    for version in versions:
        found = Schemas(version)
        found.load()
        for name in (found._definitions or {}).keys() & (newest._definitions or {}).keys():
            if re.fullmatch(r"io\.k8s\.api\.\w+\.v\d+\.\w+", name):
                later = (newest._definitions or {})[name].get("required", ())
                assert set(found.closure(name)[name].get("required", ())) <= set(later), (version, name)


@pytest.mark.parametrize("version", ["1.25", "1.31"])
def test_objects_that_every_server_took(version: str) -> None:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a"}]}}
    stateful = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    assert not said(
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a"}, "spec": stateful}, schemas(version)
    )
    role = {"kind": "Role", "name": "x"}
    rbac = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "a"},
        "roleRef": role,
    }
    assert not said(rbac, schemas(version))


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ({"containers": [{"name": "a", "imagePullPolicy": ""}]}, 0),
        ({"containers": [], "tolerations": [{"effect": ""}], "restartPolicy": "", "dnsPolicy": ""}, 0),
        ({"containers": [], "preemptionPolicy": ""}, 1),
        (
            {
                "containers": [],
                "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": ""}],
            },
            1,
        ),
    ],
)
def test_an_empty_text_is_no_value_where_there_is_a_default(spec: dict[str, Any], count: int) -> None:
    assert len(said({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec})) == count


CRD = """\
# comment
apiVersion: v1
kind: ConfigMap
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            metadata: {type: object}
            spec:
              type: object
              required: [size]
              properties:
                size: {type: integer, format: int32, minimum: 1, maximum: 10}
                bound: {type: integer, minimum: 0, exclusiveMinimum: true}
                mode: {type: string, enum: [fast, slow]}
                name: {type: string, pattern: '^[a-z]+$'}
                port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {n: {type: integer}}}
                labels: {type: object, additionalProperties: {type: string}}
                maybe: {type: string, nullable: true}
                shell: {type: string, pattern: '^${.*}$'}
                none: {type: object}
                any: {x-kubernetes-preserve-unknown-fields: true}
                pod: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true}
                list: {type: array, maxItems: 2, items: {type: object, properties: {a: {type: string}}}}
              oneOf:
                - required: [mode]
                - required: [name]
"""


@pytest.fixture
def widgets(tmp_path: Path) -> Schemas:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "widget.yaml").write_text(CRD)
    (tmp_path / "notes.txt").write_text("CustomResourceDefinition: [")
    (tmp_path / "values.yml").write_text("a: [")
    return Schemas("1.31", [str(tmp_path)])


def widget(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "a"},
        "spec": {"size": 1, "mode": "fast", **spec},
    }


@pytest.mark.parametrize(
    "spec",
    [
        {}, {"port": 80}, {"port": "http"}, {"free": {"x": {"y": 1}}}, {"maybe": None}, {"any": [1]}, {"labels": {"a": "b"}},
        {"pod": {"apiVersion": "v1", "kind": "Pod", "spec": {}}}, {"list": [{"a": "x"}]}, {"size": 2.0}, {"bound": 1},
        {"labels": None}, {"port": None}, {"list": None}, {"list": [{"a": None}]}, {"shell": "${x}"}, {"shell": "x"},
    ],
)  # fmt: skip
def test_good_custom_resources(widgets: Schemas, spec: dict[str, Any]) -> None:
    assert said(widget(**spec), widgets) == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"size": "1"}, "spec.size: is text, and an integer is wanted"),
        ({"size": 11}, "spec.size: is more than 10"),
        ({"bound": 0}, "spec.bound: is not more than 0"),
        ({"mode": "fat"}, "spec.mode: is none of fast, slow"),
        ({"size": None}, "spec.size: empty (null), and an integer is wanted"),
        ({"labels": {"a": None}}, "spec.labels.a: empty (null), and text is wanted"),
        ({"none": {"x": 1}}, "spec.none.x: unknown field"),
        ({"name": "A"}, 'spec.name: does not match "^[a-z]+$"'),
        ({"port": True}, "spec.port: is a boolean, and an integer or text is wanted"),
        ({"siz": 1}, "spec.siz: unknown field"),
        ({"free": {"n": "x"}}, "spec.free.n: is text, and an integer is wanted"),
        ({"labels": {"a": 1}}, "spec.labels.a: is an integer, and text is wanted"),
        ({"list": [{"b": 1}]}, "spec.list[0].b: unknown field"),
        ({"list": [{}, {}, {}]}, "spec.list: this list has more items than 2"),
        ({"name": "abc"}, "spec: this map fits more than one of the alternatives in the schema"),
    ],
)
def test_bad_custom_resources(widgets: Schemas, spec: dict[str, Any], message: str) -> None:
    assert message in said(widget(**spec), widgets)


def test_metadata_of_custom_resources_is_checked(widgets: Schemas) -> None:
    bad = {**widget(), "metadata": {"name": "a", "labels": {"a": 1}, "lables": {}}, "sepc": 1}
    assert said(bad, widgets) == [
        "metadata.labels.a: is an integer, and text is wanted",
        "metadata.lables: unknown field",
        "sepc: unknown field",
    ]


@pytest.mark.parametrize(
    "name", ["widget_v1.json", "example.com/widget_v1.json", "example.com_widget_v1.json", "widget-example-v1.json"]
)
def test_json_schemas_are_found_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"$ref": "_definitions.json#/definitions/widget"}))
    (path.parent / "_definitions.json").write_text(
        '{"definitions": {"widget": {"properties": {"spec": {"properties": {"size": {"type": "string"}}}}}}}'
    )
    assert said(widget(), Schemas("1.31", [str(tmp_path)])) == ["spec.size: is an integer, and text is wanted"]


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/x.json"},
        {"$ref": "https://example.com/_definitions.json"},
        {"$ref": "file:///etc/passwd"},
        {"properties": {"a": {"$ref": "other.json#/x"}}},
        {"$ref": "#/nowhere"},
        {"type": "strange"},
        {"type": 5},
        {"$id": "http://example.com/a", "$ref": "b"},
    ],
)
def test_bad_schemas_are_refused_and_nothing_is_fetched(tmp_path: Path, schema: object) -> None:
    (tmp_path / "widget_v1.json").write_text(json.dumps(schema))
    with pytest.raises(UsageError) as caught:
        said(widget(), Schemas("1.31", [str(tmp_path)]))
    assert caught.value.position
    assert caught.value.position.file.endswith("widget_v1.json")


@pytest.mark.usefixtures("no_network")
def test_a_strange_dialect_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "widget_v1.json").write_text('{"$schema": "http://example.com/dialect", "required": ["x"]}')
    assert said(widget(), Schemas("1.31", [str(tmp_path)])) == ["x: this field is missing"]


@pytest.mark.parametrize("text", ["", "[", "[]", "5", '{"a": 1, "a": 2}', "\xff", '{"a": ' * 100])
def test_bad_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "widget_v1.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ShipperError) as caught:
        said(widget(), Schemas("1.31", [str(tmp_path)]))
    assert caught.value.exit_code in {2, 8}


@pytest.mark.parametrize(
    "text",
    [
        "kind: CustomResourceDefinition\na: [",
        "kind: CustomResourceDefinition\nspec: 5\n",
        "kind: CustomResourceDefinition\nspec: {group: a.b, names: {kind: B}, versions: [{name: v1, schema: {openAPIV3Schema: {properties: {a: 5}}}}]}\n",
        "kind: CustomResourceDefinition\nspec: {group: a.b, names: {kind: B}, versions: [{name: v1, schema: {openAPIV3Schema: {type: odd}}}]}\n",
        "\xff CustomResourceDefinition",
    ],
)
def test_bad_definitions_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_bytes(("apiVersion: apiextensions.k8s.io/v1\n" + text).encode("latin-1"))
    data = {"apiVersion": "a.b/v1", "kind": "B", "metadata": {"name": "a"}}
    with pytest.raises(UsageError) as caught:
        said(data, Schemas("1.31", [str(tmp_path)]))
    assert caught.value.position


def test_patterns_that_only_go_knows_are_not_checked(tmp_path: Path) -> None:
    """Go takes a brace that begins no count as a character, and its counts may be of any size."""
    fields = {"mode": {"pattern": "^{{.*}}$"}, "size": {"pattern": "^(.{1,253}){1,100}$", "type": "string"}}
    (tmp_path / "widget_v1.json").write_text(json.dumps({"properties": {"spec": {"properties": fields}}}))
    assert said(widget(), Schemas("1.31", [str(tmp_path)])) == ["spec.size: is an integer, and text is wanted"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such schema folder"):
        Schemas("1.31", [str(tmp_path / "x")])


def test_a_schema_that_refers_to_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "widget_v1.json").write_text('{"properties": {"spec": {"$ref": "#"}}, "required": ["size"]}')
    assert "size: this field is missing" in said(widget(), Schemas("1.31", [str(tmp_path)]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "a list stands where an object is wanted"),
        ({"apiVersion": 1, "kind": "X"}, "apiVersion: is an integer, and text is wanted"),
        ({"apiVersion": "v1", "kind": "List", "items": {}}, "items: a map stands where a list is wanted"),
        ({"apiVersion": "v1", "kind": "List"}, "items: empty (null), and a list is wanted"),
    ],
)
def test_what_is_no_object(data: object, message: str) -> None:
    assert message in [each.removeprefix(": ") for each in said(data)]


@pytest.mark.parametrize("number", [10**30, -(10**400), 1e300, 2**64, 5.0, float(2**70)])
def test_any_number_is_compared(number: float) -> None:
    data = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": number}]}}
    assert len(said(data)) == (number != 5.0)


def test_reviews_and_lists_have_no_name() -> None:
    assert said({"apiVersion": "v1", "kind": "ConfigMapList", "items": []}) == []
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "x"}}
    assert said(review) == []


def test_paths_are_written_like_kubectls() -> None:
    assert path_text(("data", "a.b", "c-d", 0, "", "é", 'q"')) == 'data["a.b"].c-d[0][""].é["q\\""]'
