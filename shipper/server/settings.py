"""What the license server is told: flags before variables before a file (docs/license-server.md lists the settings).

`load` reads the files that settings name; the pure function `settings_of` judges the texts.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from shipper.errors import UsageError, shown
from shipper.server.databaseurl import database_url
from shipper.serving.settings import (
    LOG_FORMATS,
    LOG_LEVELS,
    Setting,
    choice,
    drain_seconds,
    gather,
    listed,
    missing,
    secret_text,
    vendor_key,
    whole_number,
)
from shipper.yamlio.files import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shipper.license.keys import PublicKey
    from shipper.serving.settings import Given

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")


def _setting(variable: str, *more: str, secret: bool = False) -> Setting:
    return Setting(variable.lower(), (variable, *more), secret)


SETTINGS = (
    _setting("LICENSE_KEY", "OPERATOR_LICENSE_KEY", secret=True),
    _setting("LICENSE_PATH", "OPERATOR_LICENSE_PATH"),
    _setting("TRUST_KEY_PATH"),
    _setting("ADDRESS"),
    _setting("ROOT_PATH"),
    _setting("TLS_CERT_PATH"),
    _setting("TLS_KEY_PATH"),
    _setting("TRUSTED_PROXIES"),
    _setting("DATABASE_URL", secret=True),
    _setting("PGHOST"),
    _setting("PGPORT"),
    _setting("PGUSER"),
    _setting("PGPASSWORD", secret=True),
    _setting("PGDATABASE"),
    _setting("PGSSLMODE"),
    _setting("PGSSLROOTCERT"),
    _setting("MIGRATE_DATABASE_URL", secret=True),
    _setting("ERROR_EVENTS_RETENTION_DAYS"),
    _setting("DRAIN_SECONDS"),
    _setting("LOG_LEVEL"),
    _setting("LOG_FORMAT"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
WANTED = {"license_key": "the key that clients show", "license_path": "the license that is served"}


class Tls(NamedTuple):
    """The files of a certificate chain and its private key, both PEM."""

    cert_path: str
    key_path: str


@dataclass(frozen=True)
class ServerSettings:
    """All that the server is told. `address` is a text such as `0.0.0.0:8080`; without `tls` it speaks plain HTTP."""

    license_key: str = field(repr=False)
    license_path: str
    database_url: str = field(repr=False)
    migrate_database_url: str = field(default="", repr=False)
    trust_key_paths: tuple[str, ...] = ()
    address: str = "0.0.0.0:8080"
    root_path: str = ""
    tls: Tls | None = None
    trusted_proxies: tuple[Network, ...] = ()
    error_events_retention_days: int = 30
    drain_seconds: int = 0
    log_level: str = "info"
    log_format: str = "text"
    key_in_arguments: bool = False


def load(
    flags: Mapping[str, str | Sequence[str] | None], environment: Mapping[str, str], config: str | None = None
) -> ServerSettings:
    """The settings from flags (by the names of SETTINGS), variables, and the YAML file `config`.

    Where no trusted key is named, it is that of the image, if there is one. Raises UsageError, in one line, for whatever
    is missing, unknown, contradictory or wrong.
    """
    settings = settings_of(gather(SETTINGS, flags, environment, config), environment, secret_text)
    return settings if settings.trust_key_paths else replace(settings, trust_key_paths=vendor_key())


def load_database_url(
    flags: Mapping[str, str | Sequence[str] | None], environment: Mapping[str, str], config: str | None = None
) -> str:
    """The URL of the database alone, for commands that need no more. Raises UsageError."""
    return database_url(gather(SETTINGS, flags, environment, config), environment, secret_text)


def settings_of(
    given: Mapping[str, Given], environment: Mapping[str, str], secret_of: Callable[[Given], str] = lambda it: it.text
) -> ServerSettings:
    """The settings that `given` says; `secret_of` reads what stands in a file after `@`. Raises UsageError."""
    for name, what in WANTED.items():
        if name not in given:
            raise missing(BY_NAME[name], what)
    key = given["license_key"]
    defaults = ServerSettings("", "", "")
    url = database_url(given, environment, secret_of)
    days, level, form = (given.get(name) for name in ("error_events_retention_days", "log_level", "log_format"))
    return ServerSettings(
        license_key=_license_key(key, secret_of),
        license_path=_license_path(given["license_path"]),
        database_url=url,
        migrate_database_url=_migrated(given.get("migrate_database_url"), url, secret_of),
        trust_key_paths=_trust_key_paths(given.get("trust_key_path")),
        address=_address(given.get("address"), defaults.address),
        root_path=_root_path(given.get("root_path")),
        tls=_tls(given),
        trusted_proxies=_networks(given.get("trusted_proxies")),
        error_events_retention_days=whole_number(days, 1, 36_500) if days else defaults.error_events_retention_days,
        drain_seconds=drain_seconds(given.get("drain_seconds"), environment),
        log_level=choice(level, LOG_LEVELS) if level else defaults.log_level,
        log_format=choice(form, LOG_FORMATS) if form else defaults.log_format,
        key_in_arguments=key.source.startswith("--") and not key.text.startswith("@"),
    )


def _license_key(given: Given, secret_of: Callable[[Given], str]) -> str:
    from shipper.license.sources import require_key

    key = secret_of(given)
    require_key(key, given.source)
    return key


def _license_path(given: Given) -> str:
    if not given.text:
        raise UsageError(f"{given.source} is empty: it names the license file")
    if given.text in STANDARD_INPUT or given.text.startswith("/dev/fd/"):
        raise UsageError(f"{given.source}: the license file is read again when it changes, so it can't be a pipe")
    return given.text


def _migrated(given: Given | None, target: str, secret_of: Callable[[Given], str]) -> str:
    """The SQLite file that is copied into the Postgres at `target`, as a URL; a path alone will do. Raises UsageError."""
    from shipper.storage.location import SqliteLocation, locate

    text = secret_of(given) if given else ""
    if not given or not text:
        return ""
    url = f"sqlite:///{quote(text)}" if text.startswith("/") else text
    try:
        location = locate(url)
    except UsageError as error:
        error.message = f"{given.source}: {error.message}"
        raise
    if not isinstance(location, SqliteLocation):
        raise UsageError(
            f"{given.source} names no SQLite file",
            hint="it is the one that the server had before: sqlite:////data/x.db",
        )
    if isinstance(locate(target), SqliteLocation):
        raise UsageError(
            f"{given.source} is for a server on Postgres, and this one's database is a SQLite file",
            hint="name the Postgres by PGHOST or DATABASE_URL",
        )
    return url


def _trust_key_paths(given: Given | None) -> tuple[str, ...]:
    """None means an unverified license, so that an empty list is no way to say so."""
    paths = listed(given, ":") if given else ()
    if given and not paths:
        raise UsageError(f"{given.source} names no file")
    return paths


def _address(given: Given | None, default: str) -> str:
    """Raises UsageError for what is no address to listen on."""
    from shipper.serving.addresses import parse_address

    if given is None:
        return default
    try:
        parse_address(given.text)
    except UsageError as error:
        error.message = f"{given.source}: {error.message}"
        raise
    return given.text


def _root_path(given: Given | None) -> str:
    """The prefix without a slash at its end."""
    path = given.text.rstrip("/") if given else ""
    if given and not (_ROOT_PATH.fullmatch(path) and not {".", ".."} & set(path.split("/"))):
        raise UsageError(f"{given.source}: a prefix is a path such as /licenses, not {shown(given.text)}")
    return path


def _tls(given: Mapping[str, Given]) -> Tls | None:
    cert, key = given.get("tls_cert_path"), given.get("tls_key_path")
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        other = "tls_cert_path" if cert is None else "tls_key_path"
        source = (cert or key).source  # type: ignore[union-attr]  # one of them is there
        raise UsageError(f"{source} is set without {BY_NAME[other].variables[0]}: TLS needs both")
    return Tls(cert.text, key.text)


def _networks(given: Given | None) -> tuple[Network, ...]:
    if given is None:
        return ()
    found = []
    for text in (part.strip() for item in listed(given) for part in item.split(",")):
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            raise UsageError(
                f"{given.source} takes addresses and networks such as 10.0.0.0/8, not {shown(text)}"
            ) from None
    return tuple(found)


def trust_keys(paths: Sequence[str]) -> list[PublicKey]:
    """The public keys in the files of TRUST_KEY_PATH. Raises UsageError."""
    from shipper.license.keys import MAX_BYTES, parse_public_keys
    from shipper.yamlio import read_file

    keys: list[PublicKey] = []
    for path in paths:
        try:
            keys += parse_public_keys(read_file(path, max_bytes=MAX_BYTES), path)
        except UsageError as error:
            if error.position is None:
                error.message = f"TRUST_KEY_PATH: {error.message}"
            raise
    return keys
