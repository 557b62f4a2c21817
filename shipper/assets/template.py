"""`template`: the file is in the templates folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.assets.base import File, escaping, mode_of
from shipper.errors import SpecError, TemplateError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import Workbench
    from shipper.spec.model import TemplateAsset
    from shipper.template.source import TemplateSource


def produce(asset: TemplateAsset, bench: Workbench) -> Iterator[File]:
    """The rendered template."""
    dest = bench.text(asset.dest, asset.templating)
    yield File(dest, bench.render(find(asset, bench), escaping(asset, dest)), mode_of(asset))


def find(asset: TemplateAsset, bench: Workbench) -> TemplateSource:
    """The asset's template. Raises SpecError if there is none of its name."""
    name, place = asset.path.text, asset.path.position
    if bench.loader is None:
        raise SpecError(
            f'there is no templates folder to take "{name}" from',
            position=place,
            hint="make a folder templates beside the spec, or name one with --templates",
        )
    try:
        return bench.loader.get(name, asset.templating or bench.dialect)
    except FileNotFoundError:
        raise SpecError(
            f'no template "{name}" in the templates folder',
            position=place,
            hint=did_you_mean(name, bench.loader.names()),
        ) from None
    except TemplateError as error:
        error.position = error.position or place
        raise
