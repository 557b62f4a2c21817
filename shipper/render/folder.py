"""A rendering as a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.render.about import About
from shipper.render.provenance import provenance
from shipper.render.publish.publish import OutputFile, publish, publishing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.render.publish.publish import Published
    from shipper.render.publish.together import Steps
    from shipper.render.run import Rendering


def write_folder(rendering: Rendering, output_dir: str, *, mtime: int | None) -> Published:
    """Publish all files of `rendering` to `output_dir`, as `shipper.render.publish.publish` does it, with their provenance.

    Raises what rendering raises, OutputError, SpecError.
    """
    with About("", rendering.secrets):
        return publish(_files(rendering), output_dir, mtime=mtime, provenance=lambda: provenance(rendering))


def writing_folder(rendering: Rendering, output_dir: str, *, mtime: int | None) -> Steps[Published]:
    """`write_folder` in the steps of `publishing`, to a folder among many."""
    with About("", rendering.secrets):
        return (
            yield from publishing(
                _files(rendering), output_dir, mtime=mtime, provenance=lambda: provenance(rendering), among=True
            )
        )


def _files(rendering: Rendering) -> Iterator[OutputFile]:
    for file in rendering.files:
        content = file.content.encode() if isinstance(file.content, str) else file.content
        yield OutputFile(file.dest, content, file.mode)
