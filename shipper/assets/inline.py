"""`inline`: the file is in the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.assets.base import File, escaping, mode_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import Workbench
    from shipper.spec.model import InlineAsset


def produce(asset: InlineAsset, bench: Workbench) -> Iterator[File]:
    """The rendered contents."""
    dest = bench.text(asset.dest, asset.templating)
    yield File(
        dest, bench.render(bench.source(asset.contents, asset.templating), escaping(asset, dest)), mode_of(asset)
    )
