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
from shipper.serving.settings import Setting, certificates, choice, gather, listed, missing, secret_text, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shipper.license.keys import PublicKey
    from shipper.license.urls import Place
    from shipper.serving.settings import Given

REFRESH_SECONDS = 300
MAX_CLUSTER_NAME = 128
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")

SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("license_key", ("OPERATOR_LICENSE_KEY",), secret=True),
        Setting("license_server", ("OPERATOR_LICENSE_SERVER",)),
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
        Setting("log_level", ("LOG_LEVEL",)),
        Setting("log_format", ("LOG_FORMAT",)),
    )
}


@dataclass(frozen=True)
class OperatorSettings:
    """All that an operator is told.

    `server` is the license server with its prefix, if it is under one; `cluster_name` may be empty in a pod, where the
    cluster has a UID; `sync` is which Secrets it keeps; `trust` are the keys that may sign the license,
    and `product` what it must be for (None for any). With `tokens`, callers show the token of a service account, for
    `token_audience` (empty: the API server's own); `allowed_callers` are namespaces, or NAMESPACE/NAME, none for all.
    """

    license_key: str = field(repr=False)
    server: Place
    cluster_name: str
    state_dir: str
    trust: tuple[PublicKey, ...]
    product: str | None = None
    listen: str = "127.0.0.1:3000"
    tokens: bool = False
    allowed_hosts: tuple[str, ...] = ()
    allowed_callers: tuple[str, ...] = ()
    token_audience: str = ""
    refresh_seconds: int = REFRESH_SECONDS
    ca_file: str | None = None
    sync: SyncSettings = NO_SYNC
    log_level: str = "info"
    log_format: str = "text"
    key_in_arguments: bool = False

    @property
    def in_the_clear(self) -> bool:
        """Whether others on the way can read what is sent to the license server."""
        return self.server.origin[0] == "http"


def load(
    flags: Mapping[str, str | Sequence[str] | None], environment: Mapping[str, str], config: str | None = None
) -> OperatorSettings:
    """The settings from flags (by the names of SETTINGS), variables, and the YAML file `config`.

    Raises UsageError, in one line, for whatever is missing, unknown, contradictory or wrong.
    """
    given = gather(tuple(SETTINGS.values()), flags, environment, config)
    in_a_cluster = bool(environment.get("KUBERNETES_SERVICE_HOST"))
    for name, what in (
        ("license_key", "the key that the license server asks for"),
        ("license_server", "the URL of the license server"),
        ("cluster_name", "the name of this cluster in reports"),
        ("state_dir", "the folder that keeps the license and what is to be reported"),
        ("trust_key", "the vendor's public key, which verifies the license"),
    ):
        if name not in given and not (name == "cluster_name" and in_a_cluster):
            raise missing(SETTINGS[name], what)
    defaults = OperatorSettings
    listen = given["listen"].text.strip() if "listen" in given else defaults.listen
    callers = _entries(given, "allowed_callers")
    return OperatorSettings(
        license_key=_license_key(given["license_key"]),
        server=_server(given["license_server"]),
        cluster_name=_cluster_name(given["cluster_name"]) if "cluster_name" in given else "",
        state_dir=given["state_dir"].text,
        trust=_trust(given["trust_key"]),
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
        log_level=choice(given["log_level"], LEVELS) if "log_level" in given else defaults.log_level,
        log_format=choice(given["log_format"], FORMATS) if "log_format" in given else defaults.log_format,
        key_in_arguments=(
            given["license_key"].source == SETTINGS["license_key"].flag
            and not given["license_key"].text.startswith("@")
        ),
    )


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


def _trust(given: Given) -> tuple[PublicKey, ...]:
    from shipper.license.keys import MAX_BYTES, parse_public_keys
    from shipper.yamlio import read_file

    keys: dict[str, PublicKey] = {}
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
