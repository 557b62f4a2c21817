"""`shipper diff`: what another license, another time or an earlier rendering makes different."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from shipper.cli.groups import grouped
from shipper.cli.options import (
    CacheDir,
    CaFile,
    ConfigOptions,
    FactOptions,
    GithubContents,
    LicenseKey,
    LicenseOptions,
    LicenseServer,
    LicenseUrl,
    OverlayOptions,
    SpecFile,
    Templates,
    Timeout,
    TrustKeys,
    UnsignedLicenses,
    new_app,
)
from shipper.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from shipper.render.diff.compare import Comparison
    from shipper.render.diff.masks import Masks

app = new_app()

EXIT_DIFFERENT = 10
PATCH_COLORS = {"+": 32, "-": 31, "@": 36}


class DiffFormat(StrEnum):
    text = "text"
    json = "json"
    patch = "patch"


Licenses = Annotated[
    list[Path],
    typer.Option(
        "--license",
        metavar="FILE",
        envvar="SHIPPER_LICENSE",
        help="The signed license; - is standard input. Give two to compare them.",
    ),
]


class TwoLicenses(NamedTuple):
    """One license from anywhere, or two files, both signed or both not; and whose signature counts."""

    license: Licenses = []
    unsigned_license: UnsignedLicenses = []
    license_url: LicenseUrl = None
    license_server: LicenseServer = None
    license_key: LicenseKey = None
    trust_key: TrustKeys = []
    ca_file: CaFile = None
    cache_dir: CacheDir = None
    timeout: Timeout = 30.0

    def settled(self, by_flag: AbstractSet[str]) -> TwoLicenses:
        """With one source of licenses, a flag before the variables. Raises UsageError."""
        for licenses in (self.license, self.unsigned_license):
            if len(licenses) > 2:
                raise UsageError(f"diff compares two licenses, not {len(licenses)}")
        one = self.one().settled(by_flag)
        return self._replace(
            license=self.license if one.license is not None else [],
            unsigned_license=self.unsigned_license if one.unsigned_license is not None else [],
            license_url=one.license_url,
            license_server=one.license_server,
        )

    def one(self) -> LicenseOptions:
        """The source of the only license, or the first of two."""
        first, unsigned = (str(files[0]) if files else None for files in (self.license, self.unsigned_license))
        return LicenseOptions(first, unsigned, *self[2:])


@app.command("diff")
@grouped
def diff(
    spec: SpecFile,
    license: TwoLicenses,
    config: ConfigOptions,
    facts: FactOptions,
    overlay: OverlayOptions,
    templates: Templates = None,
    github_contents: GithubContents = [],
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="DIR", help="Compare with the tree that was published to DIR."),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help=f"Exit with {EXIT_DIFFERENT} if anything differs.")
    ] = False,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Don't mask passwords and the data of Secrets.")
    ] = False,
    output: Annotated[DiffFormat, typer.Option("-o", "--output", help="The format of the answer.")] = DiffFormat.text,
) -> int:
    """Say what differs between two licenses, from a published tree, or at another time.

    The left side is the first license, the tree in DIR, or now; the right side is the second license, or what would
    be rendered now, or at TIME. Nothing is written. Passwords and the data of Secrets are masked.
    """
    from shipper.cli.diff.session import sides
    from shipper.cli.funnel import note, warn
    from shipper.cli.output import write, write_chunks
    from shipper.render.diff.compare import compare
    from shipper.render.diff.masks import Masks

    left, right = sides(spec, license, config, facts, overlay, templates, against, github_contents)
    masks = Masks({*left.secrets, *right.secrets}, show=show_secrets)
    for text in dict.fromkeys((*left.warnings, *right.warnings)):
        warn(text)
    found = compare(left, right, masks)
    if output is DiffFormat.json:
        from json import dumps

        from shipper.cli.diff.data import as_data

        write(dumps(as_data(found), indent=2) + "\n")
    elif output is DiffFormat.patch:
        write_chunks([patch_of(found, masks)])
    else:
        from shipper.cli.diff.view import as_text, summary
        from shipper.cli.output import colored

        write(as_text(found, color=colored()))
        note(summary(found))
    tell_of_edits(found)
    return EXIT_DIFFERENT if exit_code and found.different else 0


def patch_of(found: Comparison, masks: Masks) -> bytes:
    """The patch from the left files to the right ones; on a terminal with colors and nothing that it obeys."""
    import sys

    from shipper.cli.funnel import printable, warn
    from shipper.cli.output import colored
    from shipper.render.diff.patch import patch

    for refused in (side for side in (found.left, found.right) if side.refused):
        warn(f"{refused.name}: {refused.refused}: render refuses it, there is nothing to compare")
    if found.left.refused or found.right.refused:
        return b""
    made = patch(found.left.files, found.right.files, masks)
    if made.masked:
        warn("the patch can't be applied: secrets in it are masked; --show-secrets writes them out")
    if not sys.stdout.isatty():
        return made.text.encode("utf-8", "surrogateescape")
    lines = [printable(line, keep="\t") for line in made.text.split("\n")]
    if colored():
        lines = [f"\x1b[{PATCH_COLORS[line[:1]]}m{line}\x1b[0m" if line[:1] in PATCH_COLORS else line for line in lines]
    return "\n".join(lines).encode()


def tell_of_edits(found: Comparison) -> None:
    """Say which published files somebody changed since: their content is compared as it is now."""
    from shipper.cli.funnel import warn

    for dest in found.edited:
        warn(f'"{dest}" in "{found.left.name}" was edited after it was published')
    for dest in found.deleted:
        warn(f'"{dest}" in "{found.left.name}" was deleted after it was published')
