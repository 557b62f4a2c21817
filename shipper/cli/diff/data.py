"""A comparison as data for programs (docs/diff.md)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shipper.cli.diff.text import TYPES, path_text
from shipper.cli.diff.view import group_of
from shipper.render.diff.fields import Item

if TYPE_CHECKING:
    from shipper.render.diff.compare import Comparison, Field
    from shipper.render.diff.sides import Side


def as_data(found: Comparison) -> dict[str, object]:
    """The comparison for programs (docs/diff.md)."""
    return {
        "different": found.different,
        "left": side_data(found.left),
        "right": side_data(found.right),
        "license": [field_data(field, skip=1) for field in found.facts if group_of(field) == "license"],
        "options": [field_data(field, skip=1) for field in found.facts if group_of(field) == "options"],
        "inputs": [field_data(field) for field in found.facts if not group_of(field)],
        "assets": [
            {**asset._asdict(), "values": [value._asdict() for value in asset.values]} for asset in found.assets
        ],
        "documents": [
            {
                "change": one.change,
                "apiVersion": one.identity.api_version,
                "kind": one.identity.kind,
                "namespace": one.identity.namespace or None,
                "name": one.identity.name or None,
                "old_dest": one.old_dest or None,
                "new_dest": one.new_dest or None,
                "fields": [field_data(field) for field in one.fields],
            }
            for one in found.objects
        ],
        "files": [
            {
                "change": file.change,
                "dest": file.dest,
                "content": file.content,
                "lines_added": file.added,
                "lines_removed": file.removed,
                "old_mode": None if file.old_mode is None else f"{file.old_mode:04o}",
                "new_mode": None if file.new_mode is None else f"{file.new_mode:04o}",
            }
            for file in found.files
        ],
        "edited": list(found.edited),
        "deleted": list(found.deleted),
    }


def side_data(side: Side) -> dict[str, object]:
    """A side for programs."""
    license = (side.facts or {}).get("license")
    known = license if isinstance(license, dict) else {}
    return {
        "name": side.name,
        "license": known.get("id"),
        "serial": known.get("serial"),
        "state": known.get("state"),
        "refused": side.refused or None,
    }


def field_data(field: Field, *, skip: int = 0) -> dict[str, object]:
    """A field for programs; what isn't there has the type null and the value null."""
    change = field.change
    there = {"old": change.change != "added", "new": change.change != "removed"}
    return {
        "path": path_text(change.path[skip:]),
        "steps": [dict(zip(*step, strict=True)) if isinstance(step, Item) else step for step in change.path[skip:]],
        "change": change.change,
        "old": json_value(change.old),
        "new": json_value(change.new),
        "old_type": TYPES.get(type(change.old)) if there["old"] else None,
        "new_type": TYPES.get(type(change.new)) if there["new"] else None,
        "secret": field.secret,
    }


def json_value(value: Any) -> Any:
    """`value` as JSON can say it: numbers that it has none for become text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: json_value(child) for key, child in value.items()}
    return [json_value(item) for item in value] if isinstance(value, list) else value
