"""Kinds of Replicated Ship that are not rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import File, Workbench
    from shipper.spec.model import UnsupportedAsset

_CLOUD = 'write the Terraform text into an asset of the kind "terraform"'
INSTEAD = {
    "docker": "save the image beside the spec, and name it in a local asset",
    "dockerlayer": "unpack the layer beside the spec, and name its folder in a local asset",
    "helm": "write what helm template gives beside the spec, and name it in a local asset",
    "web": "download the file beside the spec, and name it in a local asset",
    "amazon_eks": _CLOUD,
    "google_gke": _CLOUD,
    "azure_aks": _CLOUD,
}
"""What to do, by kind."""


def produce(asset: UnsupportedAsset, _bench: Workbench) -> Iterator[File]:
    """Always an error: leaving the asset out in silence would break what is installed."""
    raise SpecError(
        f'assets of the kind "{asset.kind}" are not rendered by shipper',
        position=asset.position,
        hint=f"{INSTEAD[asset.kind]}; or give this one a `when` that is false",
    )
