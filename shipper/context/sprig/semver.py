"""Sprig's semantic versions."""

from __future__ import annotations

from shipper.context.go.values import Record
from shipper.context.registry import function
from shipper.context.versions import parse_constraints, parse_version, satisfies
from shipper.errors import TemplateError


@function(
    ('{{ semver("v1.2.3-rc.1").Minor }}', "2"),
    ('{{repl (semver "v1.2.3-rc.1").Prerelease }} {{repl semver "1.2" }}', "rc.1 1.2.0"),
    table="further",
)
def semver(version: str) -> object:
    """A version with the fields `Major`, `Minor`, `Patch`, `Prerelease`, `Metadata` and `Original`."""
    try:
        found = parse_version(version)
    except ValueError as error:
        raise TemplateError(str(error)) from None
    fields: dict[str, object] = {
        "Major": found.major,
        "Minor": found.minor,
        "Patch": found.patch,
        "Prerelease": found.pre,
        "Metadata": found.meta,
        "Original": found.original,
    }
    return Record(fields, str(found))


@function(
    ('{{ "1.20.4" | semverCompare(">= 1.19") }}', "true"),
    ('{{repl semverCompare "^1.19 || ~2.1" "1.20.4" }}', "true"),
    table="further",
    subject="last",
)
def semverCompare(version: str, constraint: str) -> bool:
    """Whether `version` fits the constraint: `= != > >= < <= ~ ^`, `1.2.x`, `1.2 - 1.4`; blank or comma and, `||` or.

    A pre-release fits only where the constraint names one: `>= 1.19-0`.
    """
    try:
        groups = parse_constraints(constraint)
        return satisfies(parse_version(version), groups)
    except ValueError as error:
        raise TemplateError(str(error)) from None
