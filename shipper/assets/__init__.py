"""Kinds of asset: each module makes the files of one kind, and is loaded when a spec has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.spec.model import GithubAsset, InlineAsset, LocalAsset, TemplateAsset, TerraformAsset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from shipper.assets.base import File, Workbench
    from shipper.spec.model import Asset

_PRODUCERS: dict[type[Asset], Callable[[Any, Workbench], Iterator[File]]] = {}


def produce(asset: Asset, bench: Workbench) -> Iterator[File]:
    """The files of an asset, one after the other. Raises SpecError, TemplateError, LimitError."""
    kind = type(asset)
    if kind not in _PRODUCERS:
        _PRODUCERS[kind] = _load(kind)
    return _PRODUCERS[kind](asset, bench)


def _load(kind: type[Asset]) -> Callable[[Any, Workbench], Iterator[File]]:
    """What makes the files of a kind of asset."""
    if kind is InlineAsset:
        from shipper.assets import inline

        return inline.produce
    if kind is TemplateAsset:
        from shipper.assets import template

        return template.produce
    if kind is LocalAsset:
        from shipper.assets import local

        return local.produce
    if kind is GithubAsset:
        from shipper.assets import github

        return github.produce
    if kind is TerraformAsset:
        from shipper.assets import terraform

        return terraform.produce
    from shipper.assets import unsupported

    return unsupported.produce
