"""Whether values fit the schema of their chart, in lines that show no value: any of them may be a secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shipper.errors import SpecError, shown
from shipper.kubernetes.schemas import compiled
from shipper.kubernetes.validate import explained, path_text

if TYPE_CHECKING:
    from pathlib import Path as Folder

    from shipper.kubernetes.typed import Path
    from shipper.kubernetes.validate import Problem
    from shipper.setup.values import Merged

SCHEMA = "values.schema.json"


def check(merged: Merged, chart: Folder) -> list[SpecError]:
    """What is wrong with the values by the schema of `chart`, each with the place that it comes from."""
    schema: dict[str, Any] = json.loads((chart / SCHEMA).read_text(encoding="utf-8"))
    first: dict[Path, Problem] = {}  # more about the same value says little
    for problem in explained(merged.values, compiled(schema)):
        first.setdefault(problem.path, problem)
    return [_error(problem, merged, schema) for problem in first.values()]


def _error(problem: Problem, merged: Merged, schema: dict[str, Any]) -> SpecError:
    where = path_text(problem.path) or "the values"
    is_word = problem.message.startswith("is none of ") and isinstance(problem.value, str)
    what = f"{shown(problem.value)} {problem.message}" if is_word else problem.message
    hint = problem.hint or _described(problem.path, schema)
    return SpecError(f"{where}: {what}", position=_place(problem, merged), hint=hint)


def _place(problem: Problem, merged: Merged) -> Any:
    position = merged.position(problem.path)
    return position or (merged.position(problem.path[:-1]) if problem.at_key and problem.path[1:] else None)


def _described(path: Path, root: dict[str, Any]) -> str:
    """What the schema `root` says of the value at `path`, where it says anything."""
    schema = root
    for step in path:
        inside = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        schema = _resolved(schema.get("additionalProperties") if inside is None else inside, root)
    return str(schema.get("description", ""))


def _resolved(schema: Any, root: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema `root`, over the definition that it refers to; empty for none."""
    if not isinstance(schema, dict):
        return {}
    name = schema.get("$ref", "").removeprefix("#/definitions/")
    return {**root.get("definitions", {}).get(name, {}), **schema}
