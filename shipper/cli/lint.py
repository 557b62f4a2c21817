"""`shipper lint`: check a spec and its templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.cli.groups import grouped
from shipper.cli.options import (
    ConfigOptions,
    FactOptions,
    Format,
    GithubContents,
    LicenseOptions,
    OutputFormat,
    SpecFile,
    Templates,
    ValidateOptions,
    new_app,
)
from shipper.cli.validating import ValidatingCommand, validator_of

if TYPE_CHECKING:
    from shipper.errors import ShipperError
    from shipper.render.lint import Finding

app = new_app()

EXIT_FINDINGS = 3


@app.command("lint", cls=ValidatingCommand)
@grouped
def lint(
    spec: SpecFile,
    license: LicenseOptions,
    config: ConfigOptions,
    facts: FactOptions,
    validate: ValidateOptions,
    templates: Templates = None,
    github_contents: GithubContents = [],
    output: OutputFormat = Format.text,
) -> int:
    """Check a spec and its templates: all findings, each with its place.

    Exits with 3 if there is an error; warnings are no errors. With --license the names of entitlements are
    checked too. With --validate the spec is rendered as well, with the license and the values given, and the result
    checked.
    """
    from shipper.cli.funnel import counted, note
    from shipper.cli.inputs import state_file
    from shipper.cli.output import formatted, write
    from shipper.cli.session import open_session
    from shipper.render.lint import lint as checked

    validator = validator_of(validate)
    unread: list[ShipperError] = []
    renders = validator is not None
    session = open_session(
        spec, license, config, facts, templates=templates, contents=github_contents, unread=unread, renders=renders
    )
    state = state_file(facts.state, keeps=False)
    findings = checked(session.spec, unread, session.license, session.options._replace(validate=validator, state=state))
    errors = sum(finding.level == "error" for finding in findings)
    if output is Format.text:
        write("".join(line(finding) for finding in findings))
        note(f"{session.spec.file}: {counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}")
    else:
        write(formatted([as_data(finding) for finding in findings], output.value))
    return EXIT_FINDINGS if errors else 0


def line(finding: Finding) -> str:
    """A finding as one line: `file:line:column: error: subject: message (hint)`."""
    from shipper.cli.funnel import printable

    error = finding.error
    place = f"{error.position}: " if error.position else ""
    subject = f"{error.subject}: " if error.subject else ""
    hint = f" ({error.hint})" if error.hint else ""
    return printable(f"{place}{finding.level}: {subject}{error.message}{hint}") + "\n"


def as_data(finding: Finding) -> dict[str, object]:
    """A finding for other programs; what is unknown is null. One of --validate also says which field it is about."""
    error = finding.error
    place = error.position
    about = {"output": "dest", "document": "document", "field": "field"}
    field = {name: getattr(error, part) or None for name, part in about.items() if hasattr(error, part)}
    return {
        "level": finding.level,
        "file": place.file if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
        "subject": error.subject or None,
        "message": error.message,
        "hint": error.hint or None,
        **field,
    }
