"""`shipper license`: keys and licenses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shipper.license.keys import PublicKey

app = typer.Typer(
    help="Make, show and verify licenses and keys.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)

# More than any license: the exact limit is the license's own error
_MAX_INPUT = 1024 * 1024

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        envvar="SHIPPER_PASSPHRASE_FILE",
        help="Read the passphrase of the private key from the first line of FILE.",
    ),
]
LicenseFile = Annotated[str, typer.Argument(metavar="FILE", help="The license file, - for standard input.")]
TrustKeys = Annotated[
    list[Path] | None,
    typer.Option(
        "--trust-key",
        metavar="PUB",
        envvar="SHIPPER_TRUST_KEY",
        help="A trusted public key in PEM text. Can be given several times.",
    ),
]
Product = Annotated[str | None, typer.Option("--product", metavar="NAME", help="What the license must be for.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Judge by this time instead of now, e.g. 2030-01-01T00:00:00Z."),
]


@app.command()
def keygen(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The files are NAME.key and NAME.pub.")],
    passphrase_file: PassphraseFile = None,
    no_passphrase: Annotated[
        bool, typer.Option("--no-passphrase", help="Leave the private key unencrypted on the disk.")
    ] = False,
) -> None:
    """Make a key pair: NAME.key signs licenses and stays secret, NAME.pub verifies them."""
    from shipper.cli import passphrases
    from shipper.cli.output import write
    from shipper.license import signing

    signing.private_path(name)
    passphrase = passphrases.for_new_key(passphrase_file, no_passphrase=no_passphrase)
    key = signing.generate()
    private, public = signing.write_pair(name, key, passphrase)
    write(f"private key {private}\npublic key  {public}\nkey id      {key.public.keyid}\n")


@app.command()
def issue(
    key: Annotated[
        Path, typer.Option("--key", metavar="KEY", envvar="SHIPPER_KEY", help="The private key that signs.")
    ],
    source: Annotated[str, typer.Option("--from", metavar="YAML", help="What the license says, - for standard input.")],
    output_file: Annotated[
        Path | None,
        typer.Option("--output-file", metavar="FILE", help="Write the license to FILE instead of standard output."),
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Issue a license: sign what a license.yaml says."""
    from datetime import UTC, datetime

    from shipper import yamlio
    from shipper.cli import passphrases
    from shipper.cli.output import write
    from shipper.errors import LicenseError
    from shipper.license import files, signing
    from shipper.license.issue import issue as issued

    data = yamlio.read_file(source, max_bytes=_MAX_INPUT)
    node = yamlio.parse(data, _name(source), error=LicenseError, limits=yamlio.Limits.LICENSE)
    signer = signing.load(str(key), passphrases.for_existing_key(str(key), passphrase_file))
    license_file = issued(node, signer, datetime.now(UTC))
    if output_file is None:
        write(license_file.decode("ascii"))
    else:
        files.replace(str(output_file), license_file)


@app.command()
def inspect(
    file: LicenseFile,
    trust_key: TrustKeys = None,
    output: Annotated[
        Literal["text", "json", "yaml"], typer.Option("--output", "-o", help="The format of the output.")
    ] = "text",
    at: At = None,
) -> None:
    """Show what a license says. Only with --trust-key is it verified, too."""
    from shipper import yamlio
    from shipper.cli import licenseview
    from shipper.cli.output import write
    from shipper.license import armor, envelope
    from shipper.license.document import parse_payload
    from shipper.license.verify import trusted_signer

    instant = _instant(at)
    trust = _trust(trust_key)
    data = yamlio.read_file(file, max_bytes=_MAX_INPUT)
    signed = envelope.parse(armor.dearmor(data, _name(file)), _name(file))
    keyid = trusted_signer(signed, trust, _name(file)) if trust else None
    document = parse_payload(signed.payload, _name(file))
    write(licenseview.inspected(document, signed, keyid, instant, output))


@app.command()
def verify(
    file: LicenseFile,
    trust_key: TrustKeys = None,
    product: Product = None,
    at: At = None,
    output: Annotated[
        Literal["text", "json"], typer.Option("--output", "-o", help="The format of the output.")
    ] = "text",
) -> None:
    """Verify a license: signed by a trusted key, for the product, and valid now.

    Exit code 0 and a line that begins with "verified", or exit code 5. A license in its days of grace is
    verified with a warning.
    """
    from shipper import yamlio
    from shipper.cli import licenseview
    from shipper.cli.funnel import warn
    from shipper.cli.output import write
    from shipper.license import verify as verification
    from shipper.license.state import require_valid

    instant = _instant(at)
    trust = _trust(trust_key)
    data = yamlio.read_file(file, max_bytes=_MAX_INPUT)
    verified = verification.verify(data, trust, product=product, file=_name(file))
    warning = require_valid(verified.license, instant, _name(file))
    if warning:
        warn(f"{_name(file)}: {warning}")
    write(licenseview.verified(verified, instant, output))


def _name(file: str) -> str:
    """How messages call an input."""
    return "standard input" if file == "-" else file


def _instant(at: str | None) -> datetime:
    """The time that `--at` names, or now."""
    from datetime import UTC, datetime

    from shipper.cli.inputs import parse_moment

    return datetime.now(UTC) if at is None else parse_moment(at)


def _trust(paths: Sequence[Path] | None) -> list[PublicKey]:
    from shipper import yamlio
    from shipper.license.keys import MAX_BYTES, parse_public_keys

    return [
        key for path in paths or () for key in parse_public_keys(yamlio.read_file(path, max_bytes=MAX_BYTES), str(path))
    ]
