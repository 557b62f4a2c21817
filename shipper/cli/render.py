"""`shipper render`: the manifests on standard output, or the whole tree in a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from shipper.cli.options import (
    At,
    InstallationId,
    LicenseFile,
    Missing,
    MissingMode,
    Order,
    ReleaseFile,
    SetValues,
    SpecFile,
    Templates,
    TrustKeys,
    ValuesFiles,
    new_app,
)

if TYPE_CHECKING:
    from shipper.render import Rendering

app = new_app()


@app.command("render")
def render(
    spec: SpecFile,
    license: LicenseFile = None,
    trust_key: TrustKeys = [],
    values: ValuesFiles = [],
    set: SetValues = [],
    templates: Templates = None,
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
        Order,
        typer.Option(
            "--order", help="On standard output: what others need first (apply), or as the spec has it (spec)."
        ),
    ] = Order.apply,
    missing: MissingMode = Missing.error,
    release: ReleaseFile = None,
    installation_id: InstallationId = None,
    at: At = None,
) -> int:
    """Render a spec with a license to Kubernetes YAML.

    Standard output carries the Kubernetes documents and nothing else, and nothing at all if anything fails. What
    is no Kubernetes document is written with --output-dir only.
    """
    from shipper.cli.session import open_session
    from shipper.render import render as rendered

    session = open_session(
        spec,
        license=license,
        trust_key=trust_key,
        values=values,
        settings=set,
        templates=templates,
        missing=missing,
        release=release,
        installation_id=installation_id,
        at=at,
    )
    rendering = rendered(session.spec, session.license, session.options._replace(output=output_dir))
    if output_dir is None:
        to_stdout(rendering, order)
    else:
        to_folder(rendering, output_dir)
    return 0


def tell(rendering: Rendering) -> None:
    """Say the warnings and the spec's messages on standard error."""
    from shipper.cli.funnel import note, warn

    for warning in rendering.warnings:
        warn(warning.message, warning.position)
    for message in rendering.messages:
        text = message.text.rstrip("\n")
        if message.level in {"warn", "error"}:
            warn(text)
        elif message.level == "info" or os.environ.get("SHIPPER_DEBUG"):
            note(text)


def to_stdout(rendering: Rendering, order: Order) -> None:
    """Write the Kubernetes documents to standard output once all are there."""
    from shipper.cli.funnel import note
    from shipper.render.kubernetes_stream import collect
    from shipper.render.stream import write_stdout

    with collect(rendering.files, order.value, rendering.plan.config.secrets) as manifests:
        tell(rendering)
        for dest, reason in manifests.left_out:
            note(f"not on standard output: {dest} ({reason}); use --output-dir")
        write_stdout(manifests.spool)


def to_folder(rendering: Rendering, output_dir: str) -> None:
    """Publish all files to a folder."""
    from shipper.cli.funnel import note
    from shipper.cli.inputs import build_time
    from shipper.render.publish import OutputFile, publish

    files = (
        OutputFile(file.dest, file.content.encode() if isinstance(file.content, str) else file.content, file.mode)
        for file in rendering.files
    )
    published = publish(files, output_dir, mtime=build_time())
    tell(rendering)
    for text in published.notes:
        note(text)
    note(f"{published.files} files in {output_dir}")
