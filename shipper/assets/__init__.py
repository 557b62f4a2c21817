"""Kinds of asset: each module makes the files of one kind. `PRODUCERS` has one for each class of the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.assets import inline, local, template, unsupported
from shipper.spec.model import InlineAsset, LocalAsset, TemplateAsset, UnsupportedAsset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from shipper.assets.base import File, Workbench
    from shipper.spec.model import Asset

PRODUCERS: Mapping[type[Asset], Callable[[Any, Workbench], Iterator[File]]] = {
    InlineAsset: inline.produce,
    TemplateAsset: template.produce,
    LocalAsset: local.produce,
    UnsupportedAsset: unsupported.produce,
}


def produce(asset: Asset, bench: Workbench) -> Iterator[File]:
    """The files of an asset, one after the other. Raises SpecError, TemplateError, LimitError."""
    return PRODUCERS[type(asset)](asset, bench)
