"""`shipper license`: keys and licenses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from shipper.cli.groups import grouped
from shipper.cli.options import (
    At,
    CacheDir,
    CaFile,
    Format,
    LicenseKey,
    LicenseOptions,
    LicenseServer,
    LicenseUrl,
    OutputFormat,
    Timeout,
    TrustKeys,
    new_app,
)

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

app = new_app(help="Make, show and verify licenses and keys.")

# More than any license.yaml: the exact limit is the reader's own error
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
Product = Annotated[str | None, typer.Option("--product", metavar="NAME", help="What the license must be for.")]


@app.command(short_help="Make a key pair, NAME.key and NAME.pub.")
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
    from shipper.errors import OutputError
    from shipper.license import signing

    signing.private_path(name)
    passphrase = passphrases.for_new_key(passphrase_file, no_passphrase=no_passphrase)
    key = signing.generate()
    private, public = signing.write_pair(name, key, passphrase)
    try:
        write(f"private key {private}\npublic key  {public}\nkey id      {key.public.keyid}\n")
    except OutputError as error:
        error.hint = f"the keys are in {private} and {public}"
        raise


@app.command(short_help="Issue a license: sign what a license.yaml says.")
def issue(
    key: Annotated[
        list[Path],
        typer.Option(
            "--key",
            metavar="KEY",
            envvar="SHIPPER_KEY",
            help="The private key that signs. Several sign side by side, while a key is changed.",
        ),
    ],
    source: Annotated[str, typer.Option("--from", metavar="YAML", help="What the license says, - for standard input.")],
    output_file: Annotated[
        Path | None,
        typer.Option("--output-file", metavar="FILE", help="Write the license to FILE instead of standard output."),
    ] = None,
    passphrase_file: Annotated[
        list[Path],
        typer.Option(
            "--passphrase-file",
            metavar="FILE",
            envvar="SHIPPER_PASSPHRASE_FILE",
            help="The passphrase is the first line of FILE: one for all keys, or one for each in their order.",
        ),
    ] = [],
) -> None:
    """Issue a license: sign what a license.yaml says."""
    import os
    from datetime import UTC, datetime

    from shipper import yamlio
    from shipper.cli import passphrases
    from shipper.cli.inputs import file_name, one_standard_input
    from shipper.cli.output import write
    from shipper.errors import LicenseError, UsageError
    from shipper.license import files, signing
    from shipper.license.issue import issue as issued

    one_standard_input(source, *passphrase_file)
    if len(passphrase_file) not in {0, 1, len(key)}:
        raise UsageError("--passphrase-file is given once for all keys, or once for each --key")
    if output_file is not None:
        if output_file.exists() and any(each.exists() and os.path.samefile(each, output_file) for each in key):
            raise UsageError(f'"{output_file}" is the private key that signs, and is left as it is')
        files.check_replaceable(str(output_file))
    data = yamlio.read_file(source, max_bytes=_MAX_INPUT)
    secret = b"registry" in data  # its lines are not shown: there may be a password in them
    node = yamlio.parse(data, file_name(source), error=LicenseError, limits=yamlio.Limits.LICENSE, secret=secret)
    names = [str(each) for each in key]
    signers = list(map(signing.load, names, passphrases.for_existing_keys(names, passphrase_file)))
    if len({signer.public.keyid for signer in signers}) < len(signers):
        raise UsageError("the same key is given twice with --key")
    license_file = issued(node, signers, datetime.now(UTC))
    if output_file is None:
        write(license_file.decode("ascii"))
    else:
        files.replace(str(output_file), license_file)


class FetchOptions(NamedTuple):
    """Where a license is fetched from: the same flags as for rendering, without a file."""

    license_url: LicenseUrl = None
    license_server: LicenseServer = None
    license_key: LicenseKey = None
    trust_key: TrustKeys = []
    ca_file: CaFile = None
    cache_dir: CacheDir = None
    timeout: Timeout = 30.0

    def settled(self, by_flag: AbstractSet[str]) -> FetchOptions:
        """With one source of the license. Raises UsageError for more than one."""
        from shipper.cli.remote import one_source

        chosen = one_source(LicenseOptions(**self._asdict()), by_flag)
        return self._replace(license_url=chosen.license_url, license_server=chosen.license_server)


@app.command(short_help="Fetch a license from a license server or a URL.")
@grouped
def fetch(
    source: FetchOptions,
    product: Product = None,
    output_file: Annotated[
        Path | None,
        typer.Option("--output-file", metavar="FILE", help="Write the license to FILE instead of standard output."),
    ] = None,
) -> None:
    """Fetch a license from a license server or a URL, and write the license file.

    With --trust-key it is verified first: its signature, its product, and that it is not older than the one that
    the server gave before. A license that isn't valid now is written with a warning.
    """
    from shipper.cli.inputs import one_standard_input
    from shipper.cli.output import write
    from shipper.cli.remote import fetched_file, input_paths
    from shipper.license import files

    options = LicenseOptions(**source._asdict())
    one_standard_input(*input_paths(options))
    if output_file is not None:
        files.check_replaceable(str(output_file))
    license_file = fetched_file(options, product)
    if output_file is None:
        write(license_file.decode("ascii"))
    else:
        files.replace(str(output_file), license_file)


@app.command(short_help="Show what a license says.")
def inspect(
    file: LicenseFile,
    trust_key: TrustKeys = [],
    output: OutputFormat = Format.text,
    at: At = None,
) -> None:
    """Show what a license says. Only with --trust-key is it verified, too."""
    from shipper.cli import licenseview
    from shipper.cli.inputs import file_name, given_keys, license_data, license_time, one_standard_input
    from shipper.cli.output import write
    from shipper.license import armor, envelope
    from shipper.license.document import parse_payload
    from shipper.license.verify import trusted_signer

    one_standard_input(file, *trust_key)
    name = file_name(file)
    instant = license_time(at)
    trust = given_keys(trust_key)
    signed = envelope.parse(armor.dearmor(license_data(file), name), name)
    keyid = trusted_signer(signed, trust, name) if trust else None
    document = parse_payload(signed.payload, name)
    write(licenseview.inspected(document, signed, keyid, instant, output.value))


@app.command(short_help="Verify a license: who signed it, what it is for, its time.")
def verify(
    file: LicenseFile,
    trust_key: TrustKeys = [],
    product: Product = None,
    at: At = None,
    output: OutputFormat = Format.text,
) -> None:
    """Verify a license: signed by a trusted key, for the product, and valid now.

    Exit code 0 and a line that begins with "verified", or exit code 5. A license in its days of grace is
    verified with a warning.
    """
    from shipper.cli import licenseview
    from shipper.cli.inputs import given_keys, license_time, one_standard_input, read_license
    from shipper.cli.output import write

    one_standard_input(file, *trust_key)
    instant = license_time(at)
    verified = read_license(file, given_keys(trust_key), product, instant)
    write(licenseview.verified(verified, instant, output.value))
