"""A rendering as a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.render.about import About
from shipper.render.provenance import provenance
from shipper.render.publish import OutputFile, publish

if TYPE_CHECKING:
    from shipper.render.publish import Published
    from shipper.render.run import Rendering


def write_folder(rendering: Rendering, output_dir: str, *, mtime: int | None) -> Published:
    """Publish all files of `rendering` to `output_dir`, as `shipper.render.publish` does it, with their provenance.

    Raises what rendering raises, OutputError, SpecError.
    """
    files = (
        OutputFile(file.dest, file.content.encode() if isinstance(file.content, str) else file.content, file.mode)
        for file in rendering.files
    )
    with About("", rendering.secrets):
        return publish(files, output_dir, mtime=mtime, provenance=lambda: provenance(rendering))
