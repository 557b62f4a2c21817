"""`shipper render`: the manifests on standard output, or the whole tree in a folder."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from shipper.cli.groups import grouped
from shipper.cli.options import (
    ConfigOptions,
    FactOptions,
    FleetOptions,
    GithubContents,
    LicenseOptions,
    Order,
    OverlayOptions,
    SpecFile,
    Templates,
    ValidateOptions,
    new_app,
)
from shipper.cli.validating import Telling, ValidatingCommand, validator_of

if TYPE_CHECKING:
    from shipper.render import Rendering

app = new_app()


@app.command("render", cls=ValidatingCommand)
@grouped
def render(
    spec: SpecFile,
    license: LicenseOptions,
    config: ConfigOptions,
    facts: FactOptions,
    overlay: OverlayOptions,
    validate: ValidateOptions,
    fleet: FleetOptions,
    templates: Templates = None,
    github_contents: GithubContents = [],
    output_dir: Annotated[
        str | None,
        typer.Option(
            "--output-dir",
            metavar="DIR",
            envvar="SHIPPER_OUTPUT_DIR",
            help="Replace the tree in DIR in one step, instead of writing to standard output.",
        ),
    ] = None,
    order: Annotated[
        Order | None,
        typer.Option(
            "--order",
            help="On standard output: what others need first (apply, the default), or as the spec has it (spec).",
        ),
    ] = None,
) -> int:
    """Render a spec with a license to Kubernetes YAML.

    Standard output carries the Kubernetes documents and nothing else, and nothing at all if anything fails. What
    is no Kubernetes document is written with --output-dir only.
    """
    from shipper.cli.inputs import state_file
    from shipper.cli.overlays import overlay_of
    from shipper.cli.session import open_session
    from shipper.errors import UsageError
    from shipper.render import render as rendered

    if order is not None and output_dir is not None:
        raise UsageError("--order is for standard output, and --output-dir writes a folder")
    if fleet.licenses is not None and output_dir is None:
        raise UsageError("--licenses needs --output-dir, which will hold a folder for each license")
    changes = overlay_of(overlay)
    validator = validator_of(validate)
    opened = partial(open_session, spec, license, config, facts, templates=templates, contents=github_contents)
    if fleet.licenses is not None and output_dir is not None:
        from shipper.cli.fleet import run

        return run(fleet, opened, output_dir, overlay=changes, validate=validator, states=facts.state)
    session = opened()
    state = state_file(facts.state, keeps=True, output=output_dir)
    options = session.options._replace(output=output_dir, overlay=changes, validate=validator, state=state)
    rendering = rendered(session.spec, session.license, options)
    with Telling(rendering):
        if output_dir is None:
            to_stdout(rendering, order or Order.apply)
        else:
            to_folder(rendering, output_dir)
    return 0


def tell(rendering: Rendering) -> None:
    """Say the warnings and the spec's messages on standard error."""
    from shipper.cli.funnel import note, warn

    if len(rendering.skipped) == len(rendering.plan.assets) > 0:
        note(f"nothing to render: all {len(rendering.skipped)} assets are skipped")
    for warning in rendering.warnings:
        warn(rendering.secrets.masked(warning.message), warning.position)
    for message in rendering.messages:
        text = message.text.rstrip("\n")
        if message.level in {"warn", "error"}:
            note(text, warning=True)
        elif message.level == "info" or os.environ.get("SHIPPER_DEBUG"):
            note(text)


def to_stdout(rendering: Rendering, order: Order) -> None:
    """Write the Kubernetes documents to standard output once all are there."""
    from shipper.cli.funnel import note
    from shipper.cli.output import write_chunks
    from shipper.render.about import About
    from shipper.render.kubernetes_stream import collect

    with About("", rendering.secrets):
        collected = collect(rendering.files, order.value, rendering.secrets)
    with collected as manifests:
        tell(rendering)
        for dest, reason in manifests.left_out:
            note(rendering.secrets.masked(f"not on standard output: {dest} ({reason}); use --output-dir"))
        write_chunks(manifests.spool.chunks())


def to_folder(rendering: Rendering, output_dir: str) -> None:
    """Publish all files to a folder."""
    from shipper.cli.funnel import counted, note
    from shipper.cli.inputs import build_time
    from shipper.render.folder import write_folder

    published = write_folder(rendering, output_dir, mtime=build_time())
    tell(rendering)
    for text in published.notes:
        note(rendering.secrets.masked(text))
    note(f"{counted(published.files, 'file')} in {output_dir}")
