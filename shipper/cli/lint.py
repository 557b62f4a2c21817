"""`shipper lint`: check a spec and its templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

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
    ship: Annotated[
        bool, typer.Option("--ship", help="Also say where shipper differs from Replicated Ship, with its {{repl …}}.")
    ] = False,
    output: OutputFormat = Format.text,
) -> int:
    """Check a spec and its templates: all findings, each with its place.

    Exits with 3 if there is an error; warnings and notes are no errors. With --license the names of entitlements are
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
    if ship:
        from shipper.render.shiplint import differences, merged

        found = differences(session.spec, session.license, session.options)
        findings = merged(findings, found, session.spec.file)
    counts = [sum(finding.level == level for finding in findings) for level in ("error", "warning", "note")]
    if output is Format.text:
        write("".join(line(finding) for finding in findings))
        differs = f", {counted(counts[2], 'difference')} from Ship" if ship else ""
        note(f"{session.spec.file}: {counted(counts[0], 'error')}, {counted(counts[1], 'warning')}{differs}")
    else:
        write(formatted([as_data(finding) for finding in findings], output.value))
    return EXIT_FINDINGS if counts[0] else 0


def line(finding: Finding) -> str:
    """A finding as one line: `file:line:column: error: subject: message (hint)`."""
    from shipper.cli.funnel import printable

    error = finding.error
    place = f"{error.position}: " if error.position else ""
    subject = f"{error.subject}: " if error.subject else ""
    hint = f" ({error.hint})" if error.hint else ""
    return printable(f"{place}{finding.level}: {subject}{error.message}{hint}") + "\n"


def as_data(finding: Finding) -> dict[str, object]:
    """A finding for other programs; what is unknown is null.

    One of --validate also says which field it is about, one of --ship its rule and what both do.
    """
    error = finding.error
    place = error.position
    about = {"output": "dest", "document": "document", "field": "field"}
    about |= {name: name for name in ("rule", "ship", "shipper")}
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
