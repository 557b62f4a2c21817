"""`shipper verify`: what was changed in a published folder since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from shipper.cli.options import Format, OutputFormat, new_app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.render.verify import Verified

app = new_app()

EXIT_DIFFERENT = 10
WORDS = {
    "modified": "modified",
    "missing": "missing",
    "mode": "other mode",
    "replaced": "replaced",
    "unreadable": "unreadable",
}


@app.command("verify")
def verify(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder that render --output-dir has written.")],
    spec: Annotated[
        str | None,
        typer.Option("--spec", metavar="SPEC", help="Also say whether the folder was rendered from this very spec."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Files in DIR that shipper did not write are changes, too.")
    ] = False,
    output: OutputFormat = Format.text,
) -> int:
    """Say what was changed in a published folder since, by the digests in its manifest.

    Exits with 0 if nothing was, and with 10 if something was. The manifest isn't signed: this finds accidents and
    drift, not somebody who also rewrites the manifest.
    """
    from shipper.cli.output import formatted, write
    from shipper.errors import OutputError
    from shipper.render.verify import verify_folder

    digest = None if spec is None else spec_digest(spec)
    found = verify_folder(folder)
    recorded = recorded_digest(found.provenance)
    if digest is not None and recorded is None:
        raise OutputError(f'the manifest of "{folder}" doesn\'t say which spec it was rendered from')
    same_spec = None if digest is None else digest == recorded
    changed = bool(found.differences) or same_spec is False or (strict and bool(found.foreign))
    if output is Format.text:
        write(as_text(found, folder, spec, same_spec, strict=strict))
    else:
        write(formatted(as_data(found, folder, same_spec, changed=changed), output.value))
    return EXIT_DIFFERENT if changed else 0


def spec_digest(path: str) -> str:
    """The SHA-256 of the file in hex. Raises UsageError, LimitError."""
    from hashlib import sha256

    from shipper.yamlio import Limits, read_file

    return sha256(read_file(path, max_bytes=Limits.SPEC.max_bytes)).hexdigest()


def recorded_digest(provenance: Mapping[str, Any] | None) -> str | None:
    """The spec's digest in a manifest, which may say anything."""
    return text_in(provenance, "spec", "sha256") or None


def as_text(found: Verified, folder: str, spec: str | None, same_spec: bool | None, *, strict: bool) -> str:
    """The findings for people: a line each, then where the tree came from."""
    from shipper.cli.funnel import counted, printable

    lines = []
    for path, what, detail in found.differences:
        lines.append(f"{WORDS[what] + ':':12} {path}" + (f" ({detail})" if detail else ""))
    lines += [f"{'foreign:':12} {path}" for path in found.foreign]
    if same_spec is False:
        lines.append(f"{'other spec:':12} {spec}")
    lines += origin(found.provenance)
    changes = len(found.differences) + (same_spec is False) + (len(found.foreign) if strict else 0)
    lines.append(f"{folder}: {counted(found.files, 'file')}, {counted(changes, 'change') if changes else 'unchanged'}")
    return "".join(f"{printable(line)}\n" for line in lines)


def origin(provenance: Mapping[str, Any] | None) -> list[str]:
    """Where a tree came from, as far as its manifest says so. The manifest may hold anything."""
    if not provenance:
        return []
    license = text_in(provenance, "license", "id")
    serial = text_in(provenance, "license", "serial")
    record = provenance.get("license")
    if isinstance(record, dict) and record.get("unsigned") is True:
        license, serial = license or "without an id", "none, unsigned"
    found = {
        "spec": text_in(provenance, "spec", "file"),
        "spec digest": text_in(provenance, "spec", "sha256"),
        "license": f"{license} (serial {serial})" if license else "",
        "signed by": text_in(provenance, "license", "keyid"),
        "shipper": text_in(provenance, "shipper"),
    }
    return [f"{name + ':':12} {text}" for name, text in found.items() if text]


def text_in(data: Any, *names: str) -> str:
    """The text or number at a path in `data`; empty for all else."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return str(data) if isinstance(data, str | int) and not isinstance(data, bool) else ""


def as_data(found: Verified, folder: str, same_spec: bool | None, *, changed: bool) -> dict[str, Any]:
    """The findings for other programs."""
    return {
        "folder": folder,
        "changed": changed,
        "files": found.files,
        "differences": [
            {"path": path, "change": what, "detail": detail or None} for path, what, detail in found.differences
        ],
        "foreign": found.foreign,
        "same_spec": same_spec,
        "provenance": found.provenance,
    }
