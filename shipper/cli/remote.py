"""Which source of the license the flags and variables name, and the license from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.cli.funnel import warn
from shipper.cli.inputs import given_keys, read_license, read_unsigned
from shipper.errors import LicenseError, Position, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from shipper.cli.options import LicenseOptions
    from shipper.cli.reportserver import ReportServer
    from shipper.license.keys import PublicKey
    from shipper.license.sources import Remote
    from shipper.license.unsigned import AnyLicense
    from shipper.license.verify import VerifiedLicense

SOURCES = {
    "license": ("--license", "SHIPPER_LICENSE"),
    "unsigned_license": ("--unsigned-license", "SHIPPER_UNSIGNED_LICENSE"),
    "license_url": ("--license-url", "SHIPPER_LICENSE_URL"),
    "license_server": ("--license-server", "SHIPPER_LICENSE_SERVER"),
}
MAX_KEY_FILE = 64 * 1024
MAX_CA_FILE = 4 * 1024 * 1024
MAX_TIMEOUT = 3600.0


def one_source(options: LicenseOptions, by_flag: AbstractSet[str]) -> LicenseOptions:
    """`options` with the one source that counts: a flag wins over variables. Raises UsageError for two of a kind."""
    named = [name for name in SOURCES if getattr(options, name) is not None]
    flags = [name for name in named if name in by_flag]
    if "licenses" in by_flag:
        named = []
        if flags:
            raise UsageError(f"--licenses reads all licenses from a folder, and {SOURCES[flags[0]][0]} names one")
    if len(flags) > 1:
        raise UsageError(f"the license comes from one source only: {_listed([SOURCES[name][0] for name in flags])}")
    if not flags and len(named) > 1:
        raise UsageError(
            f"the license comes from one source only, and these are set: {_listed([SOURCES[name][1] for name in named])}",
            hint="a flag wins over variables",
        )
    chosen = (flags or named or [""])[0]
    if "license_key" in by_flag and chosen != "license_server":
        raise UsageError("--license-key is for --license-server")
    if chosen == "unsigned_license" and "trust_key" in by_flag:
        raise UsageError(f"--trust-key is for a signed license, and {SOURCES[chosen][0]} verifies nothing")
    return options._replace(
        license=options.license if chosen == "license" else None,
        unsigned_license=options.unsigned_license if chosen == "unsigned_license" else None,
        license_url=options.license_url if chosen == "license_url" else None,
        license_server=options.license_server if chosen == "license_server" else None,
    )


def has_source(options: LicenseOptions) -> bool:
    """Whether there is a license at all."""
    return any(getattr(options, name) is not None for name in SOURCES)


def input_paths(options: LicenseOptions) -> list[str | None]:
    """The files that are read for the license, some of which may be standard input."""
    key = options.license_key if options.license_server is not None else None
    return [
        options.license,
        options.unsigned_license,
        key[1:] if key and key.startswith("@") else None,
        *map(str, options.trust_key),
    ]


def given_license(
    options: LicenseOptions, keys: Sequence[PublicKey], product: str | None, at: datetime
) -> AnyLicense | None:
    """The license, valid at `at`, from wherever it comes, None for none. Says its warnings.

    It is verified, unless it was asked for as one that is unsigned. Raises UsageError, LicenseError, NetworkError,
    LimitError.
    """
    if options.license is not None:
        return read_license(options.license, keys, product, at)
    if options.unsigned_license is not None:
        return read_unsigned(options.unsigned_license, at)
    remote = remote_source(options)
    if remote is None:
        return None
    return fetched_license(remote, keys, product, at)


def fetched_license(remote: Remote, keys: Sequence[PublicKey], product: str | None, at: datetime) -> VerifiedLicense:
    """The verified license from a server, valid at `at`, perhaps the kept one. Says its warnings."""
    from shipper.license.state import require_valid

    license = obtained(remote, keys, product, at)
    grace = require_valid(license.license, at, remote.name)
    if grace:
        warn(grace, Position(remote.name))
    return license


def obtained(
    remote: Remote, keys: Sequence[PublicKey], product: str | None, at: datetime, *, offline: bool = True
) -> VerifiedLicense:
    """The verified license from a server, or with `offline` perhaps the kept one. Says its warnings."""
    from datetime import UTC, datetime

    from shipper.license.sources import obtain

    warn_in_the_clear(remote)
    license, warnings = obtain(remote, keys, product=product, now=datetime.now(UTC), at=at, offline=offline)
    for warning in warnings:
        warn(warning, Position(remote.name))
    return license


def fetched_file(options: LicenseOptions, product: str | None) -> bytes:
    """The license file that a server has now; verified where there is a key to trust, whatever its time.

    Raises UsageError, LicenseError, NetworkError.
    """
    from datetime import UTC, datetime

    from shipper.license.armor import armor
    from shipper.license.sources import fetch
    from shipper.license.state import require_valid

    remote = remote_source(options)
    if remote is None:
        raise UsageError("there is nowhere to fetch from", hint="give --license-server or --license-url")
    keys = given_keys(options.trust_key)
    if not keys:
        if product is not None:
            raise UsageError("--product is checked in a verified license only", hint="give --trust-key")
        warn_in_the_clear(remote)
        signed = fetch(remote).to_json()
        warn("the license was not verified; --trust-key PUB does it", Position(remote.name))
        return armor(signed.encode("ascii"))
    now = datetime.now(UTC)
    license = obtained(remote, keys, product, now, offline=False)
    try:
        grace = require_valid(license.license, now)
    except LicenseError as error:
        grace = error.message
    if grace:
        warn(grace, Position(remote.name))
    return armor(license.envelope_json.encode("ascii"))


def warn_in_the_clear(remote: Remote) -> None:
    """Say that http hides nothing, also on this machine: which hosts are local is not for us to know."""
    if remote.in_the_clear:
        what = "the license key and the license are" if remote.key else "the license is"
        warn(f"{what} sent in the clear over http; use https", Position(remote.name))


def remote_source(options: LicenseOptions) -> Remote | None:
    """The URL or server that is asked, None where neither is named. Raises UsageError."""
    if options.license_url is None and options.license_server is None:
        return None
    from shipper.license import cache, sources

    check_timeout(options.timeout)
    if options.ca_file is not None:
        check_certificates(options.ca_file)
    folder = options.cache_dir or cache.default_folder()
    if options.license_url is not None:
        return sources.from_url(
            options.license_url, timeout=options.timeout, ca_file=options.ca_file, cache_folder=folder
        )
    key = license_key(options.license_key)
    server = options.license_server or ""
    return sources.from_server(server, key, timeout=options.timeout, ca_file=options.ca_file, cache_folder=folder)


def report_server(url: str | None, key: str | None, ca_file: str | None, timeout: float) -> ReportServer:
    """The license server that is asked for reports. Warns where the key is sent in the clear. Raises UsageError."""
    from shipper.cli.reportserver import ReportServer
    from shipper.license.sources import server_place

    if url is None:
        raise UsageError("there is no server to ask", hint="give --license-server, or set SHIPPER_LICENSE_SERVER")
    check_timeout(timeout)
    if ca_file is not None:
        check_certificates(ca_file)
    server = ReportServer(url, license_key(key), timeout, ca_file)
    if server_place(url, server.key, "").origin[0] == "http":
        warn("the license key and the report are sent in the clear over http; use https", Position(server.name))
    return server


def check_timeout(timeout: float) -> None:
    """Raise UsageError for what is no number of seconds to wait."""
    if not 0 < timeout <= MAX_TIMEOUT:
        raise UsageError(f"--timeout takes seconds, more than 0 and at most {MAX_TIMEOUT:.0f}")


def license_key(given: str | None) -> str:
    """The license key: itself, or what the file after `@` holds. Raises UsageError."""
    if not given:
        raise UsageError(
            "--license-server needs a license key",
            hint="set SHIPPER_LICENSE_KEY, or give --license-key @FILE: both keep it out of the list of processes",
        )
    if not given.startswith("@"):
        return given
    from shipper.yamlio import read_file

    return read_file(given[1:], max_bytes=MAX_KEY_FILE).decode("utf-8-sig", "replace").strip()


def check_certificates(path: str) -> None:
    """Raise UsageError unless `path` is a PEM file with certificates."""
    import ssl

    from shipper.yamlio import read_file

    text = read_file(path, max_bytes=MAX_CA_FILE).decode("ascii", "replace")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise UsageError(f'--ca-file: no certificate in PEM form can be read from "{path}"') from None


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
