"""`terraform`: a Terraform file that is in the spec. Its language is HCL, so nothing is escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.assets.base import File, mode_of
from shipper.errors import SpecError
from shipper.spec.assets import TERRAFORM_DEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import Workbench
    from shipper.spec.model import TerraformAsset

SUFFIX = ".tf"


def produce(asset: TerraformAsset, bench: Workbench) -> Iterator[File]:
    """The rendered text. Raises SpecError where the spec has none."""
    if asset.inline is None or not asset.inline.text:
        raise SpecError(
            'a terraform asset without "inline"',
            position=asset.position,
            hint='put the Terraform text into "inline"; modules from elsewhere are not fetched',
        )
    dest = place(bench.text(asset.dest, asset.templating))
    yield File(dest, bench.render(bench.source(asset.inline, asset.templating), "none"), mode_of(asset))


def place(dest: str) -> str:
    """Where the file goes, as in Ship: `dest` if that is a Terraform file, else `main.tf` of the output."""
    return dest if dest.endswith(SUFFIX) else TERRAFORM_DEST
