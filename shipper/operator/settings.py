"""What an operator is told: flags before variables before a file (docs/operator.md lists the settings)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shipper.errors import UsageError, shown
from shipper.license.sources import require_key
from shipper.operator.syncsettings import (
    NAMESPACES,
    NO_SYNC,
    SYNC_PULL_SECRET,
    SYNC_SECRET,
    SyncSettings,
    sync_settings,
)
from shipper.serving.settings import (
    LOG_FORMATS,
    LOG_LEVELS,
    Given,
    Setting,
    certificates,
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
    from collections.abc import Mapping, Sequence

    from shipper.license.keys import PublicKey
    from shipper.license.urls import Place

REFRESH_SECONDS = 300
MAX_CLUSTER_NAME = 128

SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("license_key", ("OPERATOR_LICENSE_KEY",), secret=True),
        Setting("license_server", ("OPERATOR_LICENSE_SERVER",)),
        Setting("license_path", ("OPERATOR_LICENSE_PATH",)),
        Setting("cluster_name", ("OPERATOR_CLUSTER_NAME",)),
        Setting("state_dir", ("OPERATOR_STATE_DIR",)),
        Setting("trust_key", ("OPERATOR_TRUST_KEY",)),
        Setting("product", ("OPERATOR_PRODUCT",)),
        Setting("listen", ("OPERATOR_LISTEN",)),
        Setting("allowed_hosts", ("OPERATOR_ALLOWED_HOSTS",)),
        Setting("allowed_callers", ("OPERATOR_ALLOWED_CALLERS",)),
        Setting("token_audience", ("OPERATOR_TOKEN_AUDIENCE",)),
        Setting("refresh_seconds", ("OPERATOR_REFRESH_SECONDS",)),
        Setting("ca_file", ("OPERATOR_CA_FILE",)),
        SYNC_SECRET,
        SYNC_PULL_SECRET,
        NAMESPACES,
        Setting("drain_seconds", ("OPERATOR_DRAIN_SECONDS",)),
        Setting("log_level", ("LOG_LEVEL",)),
        Setting("log_format", ("LOG_FORMAT",)),
    )
}


@dataclass(frozen=True)
class OperatorSettings:
    """All that an operator is told.

    `server` is the license server with its prefix, if it is under one, and `license_key` what it asks for; without a
    server the operator stands alone, with the license in `license_path`. `cluster_name` may be empty where nothing is
    reported, and in a pod, where the cluster has a UID; `sync` is which Secrets it keeps; `trust` are the keys that may sign the license,
    and `product` what it must be for (None for any). With `tokens`, callers show the token of a service account, for
    `token_audience` (empty: the API server's own); `allowed_callers` are namespaces, or NAMESPACE/NAME, none for all.
    """

    license_key: str = field(repr=False)
    server: Place | None
    cluster_name: str
    state_dir: str
    trust: tuple[PublicKey, ...]
    license_path: str | None = None
    product: str | None = None
    listen: str = "127.0.0.1:3000"
    tokens: bool = False
    allowed_hosts: tuple[str, ...] = ()
    allowed_callers: tuple[str, ...] = ()
    token_audience: str = ""
    refresh_seconds: int = REFRESH_SECONDS
    ca_file: str | None = None
    sync: SyncSettings = NO_SYNC
    drain_seconds: int = 0
    log_level: str = "info"
    log_format: str = "text"
    key_in_arguments: bool = False

    @property
    def in_the_clear(self) -> bool:
        """Whether others on the way can read what is sent to the license server."""
        return self.server is not None and self.server.origin[0] == "http"


def load(
    flags: Mapping[str, str | Sequence[str] | None], environment: Mapping[str, str], config: str | None = None
) -> OperatorSettings:
    """The settings from flags (by the names of SETTINGS), variables, and the YAML file `config`.

    Where no trusted key is named, it is that of the image, if there is one. Raises UsageError, in one line, for whatever
    is missing, unknown, contradictory or wrong.
    """
    given = gather(tuple(SETTINGS.values()), flags, environment, config)
    in_a_cluster = bool(environment.get("KUBERNETES_SERVICE_HOST"))
    _require(given, in_a_cluster=in_a_cluster)
    server = given.get("license_server")
    key = given.get("license_key") if server else None
    defaults = OperatorSettings
    listen = given["listen"].text.strip() if "listen" in given else defaults.listen
    callers = _entries(given, "allowed_callers")
    return OperatorSettings(
        license_key=_license_key(key) if key else "",
        server=_server(server) if server else None,
        cluster_name=_cluster_name(given["cluster_name"]) if "cluster_name" in given else "",
        state_dir=given["state_dir"].text,
        license_path=_license_path(given["license_path"]) if "license_path" in given else None,
        trust=_trust(given.get("trust_key")),
        product=given["product"].text if "product" in given else None,
        listen=listen,
        tokens=_tokens(listen, given.get("listen"), callers, environment),
        allowed_hosts=_entries(given, "allowed_hosts"),
        allowed_callers=callers,
        token_audience=given["token_audience"].text if "token_audience" in given else "",
        refresh_seconds=(
            whole_number(given["refresh_seconds"], 5, 86_400) if "refresh_seconds" in given else REFRESH_SECONDS
        ),
        ca_file=certificates(given["ca_file"]) if "ca_file" in given else None,
        sync=sync_settings(given, in_a_cluster=in_a_cluster),
        drain_seconds=drain_seconds(given.get("drain_seconds"), environment),
        log_level=choice(given["log_level"], LOG_LEVELS) if "log_level" in given else defaults.log_level,
        log_format=choice(given["log_format"], LOG_FORMATS) if "log_format" in given else defaults.log_format,
        key_in_arguments=(
            key is not None and key.source == SETTINGS["license_key"].flag and not key.text.startswith("@")
        ),
    )


def _require(given: Mapping[str, Given], *, in_a_cluster: bool) -> None:
    """Raise UsageError for what is missing."""
    if "license_server" not in given and "license_path" not in given:
        raise UsageError(
            "OPERATOR_LICENSE_SERVER is not set: the URL of the license server",
            hint="set it, or give --license-server; without one, OPERATOR_LICENSE_PATH or --license-path names a "
            "license file",
        )
    wanted = {
        "license_key": "the key that the license server asks for",
        "cluster_name": "the name of this cluster in reports",
        "state_dir": "the folder that keeps the license and what is to be reported",
        "trust_key": "the vendor's public key, which verifies the license",
    }
    if "license_server" not in given:
        del wanted["license_key"], wanted["cluster_name"]
    elif in_a_cluster:
        del wanted["cluster_name"]
    if vendor_key():
        del wanted["trust_key"]
    for name, what in wanted.items():
        if name not in given:
            raise missing(SETTINGS[name], what)


def _license_key(given: Given) -> str:
    key = secret_text(given)
    require_key(key, given.source)
    return key


def _server(given: Given) -> Place:
    """The server without a slash at the end of its prefix. Raises UsageError."""
    from shipper.license import urls

    try:
        place = urls.parse(given.text.strip())
        base = urls.parse(place.url.rstrip("/"))
    except ValueError as error:
        raise UsageError(
            f"{given.source}: this is no URL that can be used: {error}",
            hint="such as https://licenses.example.com, with the prefix that the server is under, if any",
        ) from None
    if place.query is not None:
        raise UsageError(f"{given.source} takes the URL of a server, without a query")
    if "/api/v1" in place.path:
        raise UsageError(
            f"{given.source} takes the URL of a server, without the path of its API", hint='"/api/v1/…" is added to it'
        )
    return base


def _cluster_name(given: Given) -> str:
    name = given.text.strip()
    if not 0 < len(name) <= MAX_CLUSTER_NAME:
        raise UsageError(f"{given.source}: the name of a cluster has 1 to {MAX_CLUSTER_NAME} characters")
    return name


def _license_path(given: Given) -> str:
    if given.text in STANDARD_INPUT or given.text.startswith("/dev/fd/"):
        raise UsageError(f"{given.source}: the license file is read again when it changes, so it can't be a pipe")
    return given.text


def _trust(given: Given | None) -> tuple[PublicKey, ...]:
    """The keys in the files that are given, else in that of the image."""
    from shipper.license.keys import MAX_BYTES, parse_public_keys
    from shipper.yamlio import read_file

    keys: dict[str, PublicKey] = {}
    given = given or Given(":".join(vendor_key()), "the key of the image")
    try:
        for path in listed(given, ":"):
            for key in parse_public_keys(read_file(path, max_bytes=MAX_BYTES), path):
                keys[key.keyid] = key
    except UsageError as error:
        if error.position is None:
            error.message = f"{given.source}: {error.message}"
        raise
    if not keys:
        raise UsageError(f"{given.source} names no file", hint="the vendor's public key; several: with : between them")
    return tuple(keys.values())


def _tokens(listen: str, given: Given | None, callers: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether callers must show a token: wherever others than this machine could call. Raises UsageError."""
    from shipper.serving.addresses import parse_address

    source = given.source if given else SETTINGS["listen"].variables[0]
    local = _is_loopback(parse_address(listen, name=f"address of {source}").host)
    in_a_cluster = bool(environment.get("KUBERNETES_SERVICE_HOST"))
    if not local and not in_a_cluster:
        raise UsageError(
            f"{source}: {shown(listen)} can be reached by others, and outside of a cluster callers can't be told apart",
            hint="listen on 127.0.0.1, or run it in a pod, where callers show a ServiceAccount token",
        )
    if callers and not in_a_cluster:
        raise UsageError(
            f"{SETTINGS['allowed_callers'].variables[0]} names service accounts, and this runs in no cluster"
        )
    return bool(callers) or not local


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _entries(given: Mapping[str, Given], name: str) -> tuple[str, ...]:
    return listed(given[name], ", ") if name in given else ()
