"""Kinds of Replicated Ship that are not rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import File, Workbench
    from shipper.spec.model import UnsupportedAsset


def produce(asset: UnsupportedAsset, _bench: Workbench) -> Iterator[File]:
    """Always an error: leaving the asset out in silence would break what is installed."""
    raise SpecError(
        f'assets of the kind "{asset.kind}" are not rendered by shipper',
        position=asset.position,
        hint="put the result into a local asset, or give the asset a `when` that is false",
    )
