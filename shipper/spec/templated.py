"""The templated fields of a spec, which tell the language that it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.spec.model import GithubAsset, InlineAsset, MessageStep, RenderStep, TerraformAsset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.spec.model import Asset, ConfigGroup, Step, Text


def templated(assets: tuple[Asset, ...], groups: tuple[ConfigGroup, ...], steps: tuple[Step, ...]) -> Iterator[Text]:
    """Every field that is a template in the spec's own dialect."""
    yield from _templated_in(assets)
    for group in groups:
        if group.when:
            yield group.when
        for item in group.items:
            yield from (text for text in (item.value, item.default, item.when) if text)
    for step in steps:
        if isinstance(step, MessageStep):
            yield step.contents
            continue
        if step.root:
            yield step.root
        yield from _templated_in(step.assets or ())


def _templated_in(assets: tuple[Asset, ...]) -> Iterator[Text]:
    for asset in assets:
        if asset.templating is None:
            own: tuple[Text | None, ...] = ()
            if isinstance(asset, InlineAsset):
                own = (asset.contents,)
            elif isinstance(asset, GithubAsset):
                own = (asset.repo, asset.path, asset.ref, asset.strip_path)
            elif isinstance(asset, TerraformAsset):
                own = (asset.inline,)
            yield from (text for text in (asset.dest, asset.when, *own) if text)


def conditions(assets: tuple[Asset, ...], groups: tuple[ConfigGroup, ...], steps: tuple[Step, ...]) -> Iterator[Text]:
    """Every field that may be a bare expression."""
    own = [asset for step in steps if isinstance(step, RenderStep) for asset in step.assets or ()]
    items = (item for group in groups for item in group.items)
    yield from (one.when for one in (*assets, *own, *groups, *items) if one.when)
    for asset in (*assets, *own):
        if isinstance(asset, GithubAsset) and asset.strip_path:
            yield asset.strip_path


def with_files_of_ship(assets: tuple[Asset, ...]) -> tuple[Asset, ...]:
    """`assets` of a spec in which nothing tells the language: what is in repositories was written for Ship."""
    return tuple(
        asset._replace(templating=asset.templating or "repl") if isinstance(asset, GithubAsset) else asset
        for asset in assets
    )


def step_with_files_of_ship(step: Step) -> Step:
    """The same for the assets of a step."""
    if isinstance(step, MessageStep) or step.assets is None:
        return step
    return step._replace(assets=with_files_of_ship(step.assets))
