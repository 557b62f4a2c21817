"""Kinds of asset: each module makes the files of one kind. `PRODUCERS` has one for each class that most specs use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.assets import inline, local, template
from shipper.spec.model import GithubAsset, InlineAsset, LocalAsset, TemplateAsset, TerraformAsset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from shipper.assets.base import File, Workbench
    from shipper.spec.model import Asset

PRODUCERS: Mapping[type[Asset], Callable[[Any, Workbench], Iterator[File]]] = {
    InlineAsset: inline.produce,
    TemplateAsset: template.produce,
    LocalAsset: local.produce,
}


def produce(asset: Asset, bench: Workbench) -> Iterator[File]:
    """The files of an asset, one after the other. Raises SpecError, TemplateError, LimitError."""
    return (PRODUCERS.get(type(asset)) or rare(asset))(asset, bench)


def rare(asset: Asset) -> Callable[[Any, Workbench], Iterator[File]]:
    """What makes the files of an asset of another kind; its module is loaded now."""
    if isinstance(asset, GithubAsset):
        from shipper.assets import github

        return github.produce
    if isinstance(asset, TerraformAsset):
        from shipper.assets import terraform

        return terraform.produce
    from shipper.assets import unsupported

    return unsupported.produce
