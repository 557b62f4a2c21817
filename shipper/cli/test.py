"""`shipper test`: render cases and compare them with what their author expects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from shipper.cli.options import Format, GithubContents, OutputFormat, Templates, new_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.render.cases import Outcome
    from shipper.render.cases.model import Failure

app = new_app()

EXIT_DIFFERENT = 10


@app.command("test")
def run_cases(
    spec: Annotated[str, typer.Argument(metavar="[SPEC]", help="The assets spec (default: spec.yaml).")] = "spec.yaml",
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASES]...", help="Files of cases, or folders of them (default: tests/ beside it)."),
    ] = None,
    templates: Templates = None,
    github_contents: GithubContents = [],
    output: OutputFormat = Format.text,
    update_golden: Annotated[
        bool, typer.Option("--update-golden", help="Write golden output anew instead of comparing with it.")
    ] = False,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report to FILE as well.")
    ] = None,
) -> int:
    """Render cases and compare them with what is expected.

    Exits with 10 if a case fails. Licenses that a case writes in YAML are signed here: no key is needed.
    """
    from shipper.cli.funnel import counted, note, warn
    from shipper.cli.inputs import github_contents as folders
    from shipper.cli.inputs import pinned_keys, times
    from shipper.cli.output import formatted, write
    from shipper.cli.session import templates_folder
    from shipper.render.cases import CaseReader, find_case_files, run_case
    from shipper.render.settings import RenderOptions
    from shipper.spec import read_spec

    parsed = read_spec(spec)
    for problem in parsed.notes:
        warn(problem.text, problem.position)
    now, judged = times(None)
    reader = CaseReader(judged)
    cases = [case for path in find_case_files(paths or (), spec) for case in reader.read(path)]
    folder = os.path.dirname(os.path.abspath(spec))
    options = RenderOptions(
        now=now,
        templates=templates_folder(templates, folder),
        folder=folder,
        contents=folders(github_contents),
    )
    pinned = tuple(pinned_keys(parsed.license))
    outcomes = [run_case(case, parsed, options, pinned=pinned, judged=judged, update=update_golden) for case in cases]
    failed = sum(bool(outcome.failures) for outcome in outcomes)
    if junit is not None:
        from shipper.cli.junit import write_report

        write_report(junit, spec, outcomes)
    if output is Format.text:
        write("".join(lines(outcome) for outcome in outcomes))
        note(f"{spec}: {counted(len(cases), 'case')}, {failed} failed")
    else:
        write(formatted(as_data(outcomes), output.value))
    return EXIT_DIFFERENT if failed else 0


def lines(outcome: Outcome) -> str:
    """A case and each of its failures as lines; a diff stands below its failure."""
    from shipper.cli.funnel import printable

    case = outcome.case
    state = "FAILED" if outcome.failures else "ok"
    found = [f"{state:<7} {printable(case.name)} ({printable(str(case.position.file))})"]
    found += [f"        wrote {printable(path)}" for path in outcome.updated.written]
    found += [f"        removed {printable(path)}" for path in outcome.updated.removed]
    for failure in outcome.failures:
        found.append(f"        {printable(described(failure))}")
        found += ["          " + printable(line, keep="\t") for line in failure.detail.splitlines()]
    return "\n".join(found) + "\n"


def described(failure: Failure) -> str:
    """A failure in one line."""
    return f"{failure.position}: {failure.text}"


def as_data(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    """The outcomes for other programs."""
    return [
        {
            "name": outcome.case.name,
            "file": outcome.case.position.file,
            "line": outcome.case.position.line,
            "ok": not outcome.failures,
            "failures": [
                {
                    "file": failure.position.file,
                    "line": failure.position.line or None,
                    "column": failure.position.column or None,
                    "message": failure.text,
                    "diff": failure.detail or None,
                }
                for failure in outcome.failures
            ],
            "updated": list(outcome.updated.written),
            "removed": list(outcome.updated.removed),
        }
        for outcome in outcomes
    ]
