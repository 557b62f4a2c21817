"""`shipper eval`: render templates one by one, to try something out or for another program."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from shipper.cli.groups import grouped
from shipper.cli.options import (
    ConfigOptions,
    Escape,
    FactOptions,
    LicenseOptions,
    TemplatesWithoutSpec,
    Templating,
    new_app,
)

if TYPE_CHECKING:
    from shipper.errors import Position
    from shipper.render.templating import Templating as Evaluator

app = new_app()

MAX_TEMPLATE = 4 * 1024 * 1024
PATH_ENDINGS = (".j2", ".json", ".txt", ".yaml", ".yml")
MAX_LINE = 16 * 1024 * 1024
LINE = "\0"
"""The template of a line, as no file can be called."""


@app.command("eval")
@grouped
def eval_(
    license: LicenseOptions,
    config: ConfigOptions,
    facts: FactOptions,
    template: Annotated[
        str | None,
        typer.Argument(metavar="TEMPLATE", help="The template: its text, else a file; - is standard input."),
    ] = None,
    templates: TemplatesWithoutSpec = None,
    templating: Annotated[Templating, typer.Option("--templating", help="The template language.")] = Templating.jinja,
    escape: Annotated[Escape, typer.Option("--escape", help="Whether values are escaped for YAML.")] = Escape.none,
    json_lines: Annotated[
        bool,
        typer.Option(
            "--json-lines",
            help='Read lines {"template": …[, "templating": …]}, answer each with {"out": …} or {"error": …}.',
        ),
    ] = False,
) -> int:
    """Render a template, without a spec.

    Options from --values have the types that YAML gives them; those from --set are text.
    """
    from shipper.cli.inputs import (
        given_keys,
        given_values,
        one_standard_input,
        release_facts,
        set_file_paths,
        state_file,
        times,
    )
    from shipper.cli.remote import given_license, input_paths
    from shipper.cli.session import templates_folder
    from shipper.errors import UsageError
    from shipper.render.config import loose_option
    from shipper.render.settings import RenderOptions
    from shipper.render.templating import Templating as Evaluator

    if json_lines and template not in {None, "-"}:
        raise UsageError("--json-lines reads templates from standard input, not from the command line")
    if template is None and not json_lines:
        raise UsageError("there is no template to render", hint="give its text, a file, or - for standard input")
    one_standard_input(
        "-" if json_lines else template,
        *input_paths(license),
        facts.release,
        *config.values,
        *set_file_paths(config.set_file),
    )
    now, judged = times(facts.at)
    verified = given_license(license, given_keys(license.trust_key), None, judged)
    options = RenderOptions(
        now=now,
        templates=templates_folder(templates, None),
        missing=facts.missing.value,
        release=release_facts(facts.release),
        installation_id=facts.installation_id or "",
        state=state_file(facts.state, keeps=True),
    )
    evaluator = Evaluator(verified, options, templating.value)
    for name, value in given_values(config.values, config.set, config.set_file).items():
        evaluator.define(loose_option(name, value))
    if json_lines:
        return answer_lines(evaluator, escape)
    return answer(evaluator, template or "", escape)


def answer(evaluator: Evaluator, template: str, escape: Escape) -> int:
    """Print what one template renders to, as it is; on a terminal with a line break at the end."""
    from shipper.cli.output import write

    out = rendered(evaluator, source_of(template, evaluator.dialect), escape)
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    write(f"{out}\n" if on_terminal and not out.endswith("\n") else out)
    return 0


def rendered(evaluator: Evaluator, source: Any, escape: Escape) -> str:
    """What a template renders to; what was made for it is in the state file then."""
    from shipper.cli.funnel import warn
    from shipper.render.about import About

    with About("", evaluator.secrets):
        out = evaluator.render(source, escape.value)
    evaluator.save()
    for warning in evaluator.warnings:
        warn(warning.message)
    evaluator.warnings.clear()
    return out


def source_of(template: str, dialect: Literal["jinja", "repl"]) -> Any:
    """The template that the argument names: text if it has a template in it, else a file if there is one."""
    from shipper.errors import UsageError
    from shipper.template.source import TemplateSource
    from shipper.yamlio import read_file

    has_action = any(opening in template for opening in ("{{", "{%", "{#"))
    if template != "-" and (has_action or not os.path.exists(template)):
        if not has_action and is_path(template):
            raise UsageError(f'no such file, and no template in it: "{template}"')
        return TemplateSource("template", template, "template", templating=dialect)
    name = "standard input" if template == "-" else template
    data = read_file(template, max_bytes=MAX_TEMPLATE)
    try:
        return TemplateSource("template", data.decode("utf-8-sig"), name, templating=dialect)
    except UnicodeDecodeError:
        raise UsageError(f'"{name}" is no UTF-8 text') from None


def is_path(text: str) -> bool:
    """Whether `text` looks like the name of a file rather than like text."""
    if "\n" in text:
        return False
    return text.endswith(PATH_ENDINGS) or ("/" in text and " " not in text)


def answer_lines(evaluator: Evaluator, escape: Escape) -> int:
    """Answer every line of standard input with a line; a bad one doesn't stop the rest."""
    import json

    from shipper.cli.output import write
    from shipper.yamlio.files import standard_input

    stream = standard_input()
    while line := stream.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE)
            result: dict[str, object] = failure(f"the line is longer than the limit of {MAX_LINE:,} bytes")
        else:
            result = answer_line(evaluator, line, escape)
        write(json.dumps(result) + "\n")
    return 0


def answer_line(evaluator: Evaluator, line: bytes, escape: Escape) -> dict[str, object]:
    """`{"out": …}`, or `{"error": …, "line": …, "column": …}` with the place in the template or null.

    A place in another file (one that is included) comes with `"file"`. The line may name its own template language as
    `"templating"`.
    """
    from shipper.errors import ShipperError, UsageError
    from shipper.template.source import TemplateSource
    from shipper.yamlio import load_json

    try:
        asked = load_json(line, "line", error=UsageError)
    except ShipperError as error:
        return failure(error.message)
    if not isinstance(asked, dict) or not isinstance(asked.get("template"), str):
        return failure('a line is a JSON object with the text "template"')
    dialect = asked.get("templating", evaluator.dialect)
    if dialect not in ("jinja", "repl"):
        return failure('"templating" is "jinja" or "repl"')
    try:
        evaluator.renew()
        source = TemplateSource("template", asked["template"], LINE, templating=dialect)
        return {"out": rendered(evaluator, source, escape)}
    except ShipperError as error:
        text = f"{error.message} ({error.hint})" if error.hint else error.message
        place = error.position
        return failure(text, place)
    except (MemoryError, RecursionError):
        return failure("the memory is exhausted")
    except Exception as error:  # noqa: BLE001 - a bug in one answer must not cost the others
        return failure(f"bug: {type(error).__name__}: {error}")


def failure(message: str, place: Position | None = None) -> dict[str, object]:
    """An answer that says what is wrong; an unknown place is null, and the line's own template has no file."""
    answer: dict[str, object] = {"error": message}
    if place and place.file != LINE:
        answer["file"] = place.file
    return {**answer, "line": (place and place.line) or None, "column": (place and place.column) or None}
