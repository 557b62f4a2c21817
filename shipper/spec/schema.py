"""The JSON Schema (draft-07) of the assets spec, for editors: made from the model and the reader's tables of keys.

It says of a spec's structure what can be said there: all that the reader takes is valid, and what isn't valid the
reader refuses. As in the reader a text may be any scalar. `make docs` writes it into the package.
"""

from __future__ import annotations

import json
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from shipper import yamlio
from shipper.errors import Position
from shipper.spec import model
from shipper.spec.assets import FILLED, KINDS, NEEDED, OWN, OWN_IGNORED, SHARED
from shipper.spec.config import (
    CHOICE_IGNORED,
    CHOICE_KEYS,
    GROUP_IGNORED,
    GROUP_KEYS,
    ITEM_IGNORED,
    ITEM_KEYS,
    NAME,
    SELECTS,
)
from shipper.spec.fields import FALSE, TRUE
from shipper.spec.reader import (
    MESSAGE_KEYS,
    OPTIONS,
    OTHER_SECTIONS,
    PEM,
    PIN_KEYS,
    RENDER_KEYS,
    SECTIONS,
    STEP_IGNORED,
    STEPS,
)
from shipper.spec.ship import OTHER_KINDS, OTHER_STEPS, STEP_SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATH = "shipper/spec/spec.schema.json"

Schema = dict[str, Any]

_NAMES = vars(model) | {
    "Node": yamlio.Node,
    "Scalar": yamlio.Scalar,
    "TextOrigin": yamlio.TextOrigin,
    "Position": Position,
}
_MODELS = {
    "inline": model.InlineAsset,
    "template": model.TemplateAsset,
    "local": model.LocalAsset,
    "github": model.GithubAsset,
    "terraform": model.TerraformAsset,
}
_SCALAR = ["string", "number", "boolean"]
_TEXT: Schema = {"type": _SCALAR}
_TEXT_OR_NONE: Schema = {"type": [*_SCALAR, "null"]}
_FILLED: Schema = {"type": _SCALAR, "minLength": 1}
_FILLED_OR_NONE: Schema = {"type": [*_SCALAR, "null"], "minLength": 1}
_NAME: Schema = {"type": _SCALAR, "pattern": f"^{NAME}$"}
_NAME_OR_NONE: Schema = _NAME | {"type": [*_SCALAR, "null"]}
# No enum: an editor offers true and false
_BOOLEAN: Schema = {
    "type": ["boolean", "integer", "string", "null"],
    "minimum": 0,
    "maximum": 1,
    "pattern": f"^({'|'.join(sorted(TRUE | FALSE))})$",
}
# The number is what YAML 1.2 or 1.1 makes of the digits
_MODE: Schema = {
    "type": ["integer", "string", "null"],
    "minimum": 0,
    "maximum": 777,
    "pattern": "^(0o)?0?[0-7]{1,3}$",
}
_IGNORED: Schema = {"deprecationMessage": "This has no effect in shipper."}


def reference() -> str:
    """The schema as JSON text."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> Schema:
    """The schema as plain data."""
    sections = {
        "assets": _list("asset"),
        "config": _list("group"),
        "lifecycle": _list("step"),
        "license": _ref("license"),
    }
    properties: Schema = {}
    for name, about in SECTIONS.items():
        properties[f"{name}.v1"] = _about(sections[name], about)
        properties[name] = _about(_map({"v1": sections[name]}), about)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The assets spec of shipper",
        "type": "object",
        "minProperties": 1,
        "properties": properties | _fields(model.Spec, OPTIONS),
        "patternProperties": {rf"^({'|'.join(OTHER_SECTIONS)})(\.[\s\S]+)?$": _IGNORED},
        "additionalProperties": False,
        "allOf": [_not_twice(name) for name in SECTIONS],
        "definitions": _definitions(),
    }


def _definitions() -> Schema:
    """One for each kind of map in a spec."""
    trust = {"type": ["array", "null"], "items": {"type": "string", "pattern": f"^{PEM}"}}
    own_assets = {"assets": _map({"v1": _list("asset")}), "assets.v1": _list("asset")}
    return {
        "asset": _one_of(KINDS, OTHER_KINDS),
        **{kind: _asset(kind) for kind in KINDS},
        **{kind: _other_asset(own) for kind, own in OTHER_KINDS.items()},
        "group": _map(
            _fields(model.ConfigGroup, GROUP_KEYS, name=_NAME_OR_NONE, items=_list("option")), (), GROUP_IGNORED
        ),
        "option": _option(),
        "choice": _map(_fields(None, CHOICE_KEYS, name=_TEXT), ["name"], CHOICE_IGNORED),
        "step": _one_of(STEPS, OTHER_STEPS, "step-"),
        **{f"step-{step}": _map({}, (), (*STEP_SHARED, *own)) | _IGNORED for step, own in OTHER_STEPS.items()},
        "message": _map(_fields(model.MessageStep, MESSAGE_KEYS), ["contents"], STEP_IGNORED),
        "render": _map(_fields(model.RenderStep, RENDER_KEYS, **own_assets), (), STEP_IGNORED),
        "license": _map(_fields(model.LicensePin, PIN_KEYS, product=_FILLED, trust=trust), ["product"]),
    }


def _asset(kind: str) -> Schema:
    """What stands below a kind of asset that is rendered."""
    needed = NEEDED[kind]
    own = {name: _FILLED if name in needed else _FILLED_OR_NONE for name in FILLED[kind]}
    return _map(_fields(_MODELS[kind], OWN[kind] | SHARED, **own), needed, OWN_IGNORED.get(kind, ()))


def _other_asset(own: Iterable[str]) -> Schema:
    """What stands below a kind of asset that is not rendered."""
    fields = _fields(model.UnsupportedAsset, SHARED, dest=_TEXT_OR_NONE, mode={})
    return _map(fields, (), own) | _IGNORED


def _option() -> Schema:
    """An option; a select has choices, and nothing else has."""
    found = _map(_fields(model.ConfigItem, ITEM_KEYS, name=_NAME, items=_list("choice")), ["name"], ITEM_IGNORED)
    return found | {
        "if": {"properties": {"type": {"enum": sorted(SELECTS)}}, "required": ["type"]},
        "then": {"properties": {"items": {"type": "array", "minItems": 1}}, "required": ["items"]},
        "else": {"properties": {"items": {"maxItems": 0}}},
    }


def _fields(described: type | None, keys: Mapping[str, str], **own: Schema) -> Schema:
    """The properties `keys`: what the field of that name in the model may be, if `own` doesn't say it."""
    hints = get_type_hints(described, _NAMES) if described else {}
    return {name: _about(own[name] if name in own else _type(hints.get(name)), about) for name, about in keys.items()}


def _type(hint: Any) -> Schema:
    """What a field with that type may be."""
    given = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    (wanted,) = [one for one in given if one is not NoneType]
    if get_origin(wanted) is Literal:
        return {"enum": [*get_args(wanted), "", None]}
    if wanted is bool:
        return _BOOLEAN
    if wanted is int:
        return _MODE
    return _TEXT if hint is model.Text else _TEXT_OR_NONE


def _map(properties: Schema, required: Iterable[str] = (), ignored: Iterable[str] = ()) -> Schema:
    """A map with these keys; null is an empty one, where that is enough."""
    required = sorted(required)
    found: Schema = {"type": "object" if required else ["object", "null"]}
    found |= {"properties": properties | dict.fromkeys(ignored, _IGNORED), "additionalProperties": False}
    return found | {"required": required} if required else found


def _one_of(kinds: Mapping[str, str], others: Iterable[str], prefix: str = "") -> Schema:
    """A map with one key, which says what stands below it; `others` do nothing."""
    properties = {kind: _about(_ref(kind), about) for kind, about in kinds.items()}
    return {
        "type": "object",
        "properties": properties | {kind: _ref(prefix + kind) for kind in others},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _not_twice(section: str) -> Schema:
    """A section is written in one of its two forms."""
    nested = {"type": "object", "required": ["v1"]}
    return {"not": {"required": [section, f"{section}.v1"], "properties": {section: nested}}}


def _list(items: str) -> Schema:
    return {"type": ["array", "null"], "items": _ref(items)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _about(fragment: Schema, about: str) -> Schema:
    """`fragment` with a description, which draft-07 ignores right beside a `$ref`."""
    return {"description": about, **({"allOf": [fragment]} if "$ref" in fragment else fragment)}
