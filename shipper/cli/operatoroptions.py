"""The options of the operator.

The variables stand here for `--help`: `shipper.operator.settings` reads them itself, so that one place knows which of
flag, variable and file counts.
"""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Settings in YAML: listen: …. Flags and variables win over it."),
]
LicenseServer = Annotated[
    str | None,
    typer.Option(
        "--license-server",
        metavar="URL",
        envvar="OPERATOR_LICENSE_SERVER",
        help="The license server, with the prefix that it is under, if any.",
    ),
]


class OperatorOptions(NamedTuple):
    """All settings of the operator."""

    license_key: Annotated[
        str | None,
        typer.Option(
            "--license-key",
            metavar="KEY|@FILE",
            envvar="OPERATOR_LICENSE_KEY",
            help="What the license server asks for. Others can read KEY in the list of processes, not @FILE.",
        ),
    ] = None
    license_server: LicenseServer = None
    license_path: Annotated[
        str | None,
        typer.Option(
            "--license-path",
            metavar="FILE",
            envvar="OPERATOR_LICENSE_PATH",
            help="A license file: used until the server gives a newer one, and alone where there is no server.",
        ),
    ] = None
    cluster_name: Annotated[
        str | None,
        typer.Option(
            "--cluster-name",
            metavar="NAME",
            envvar="OPERATOR_CLUSTER_NAME",
            help="The name of this cluster in reports (default in a pod: the UID of the cluster).",
        ),
    ] = None
    state_dir: Annotated[
        str | None,
        typer.Option(
            "--state-dir",
            metavar="DIR",
            envvar="OPERATOR_STATE_DIR",
            help="Keeps the license, sessions, and what is to be reported.",
        ),
    ] = None
    trust_key: Annotated[
        list[str],
        typer.Option(
            "--trust-key",
            metavar="PUB",
            envvar="OPERATOR_TRUST_KEY",
            help="A public key that may sign the license. Several: give it again, or in the variable with : between.",
        ),
    ] = []
    product: Annotated[
        str | None,
        typer.Option("--product", metavar="NAME", envvar="OPERATOR_PRODUCT", help="What the license must be for."),
    ] = None
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            envvar="OPERATOR_LISTEN",
            help="Where apps find it (default: 127.0.0.1:3000). Beyond this machine callers must show a token.",
        ),
    ] = None
    allowed_hosts: Annotated[
        list[str],
        typer.Option(
            "--allowed-hosts",
            metavar="NAME",
            envvar="OPERATOR_ALLOWED_HOSTS",
            help="A name by which apps call it, such as its Service's. Several: with commas in the variable.",
        ),
    ] = []
    allowed_callers: Annotated[
        list[str],
        typer.Option(
            "--allowed-callers",
            metavar="NAMESPACE[/NAME]",
            envvar="OPERATOR_ALLOWED_CALLERS",
            help="A namespace or service account that may call (default: all). Several: with commas in the variable.",
        ),
    ] = []
    token_audience: Annotated[
        str | None,
        typer.Option(
            "--token-audience",
            metavar="NAME",
            envvar="OPERATOR_TOKEN_AUDIENCE",
            help="Whom callers' tokens must be for (default: the Kubernetes API server).",
        ),
    ] = None
    refresh_seconds: Annotated[
        str | None,
        typer.Option(
            "--refresh-seconds",
            metavar="SECONDS",
            envvar="OPERATOR_REFRESH_SECONDS",
            help="How often the license is fetched again (default: 300).",
        ),
    ] = None
    ca_file: Annotated[
        str | None,
        typer.Option(
            "--ca-file",
            metavar="FILE",
            envvar="OPERATOR_CA_FILE",
            help="The certificates that vouch for the license server (PEM), instead of the well-known ones.",
        ),
    ] = None
    sync_secret: Annotated[
        str | None,
        typer.Option(
            "--sync-secret",
            metavar="NAME",
            envvar="OPERATOR_SYNC_SECRET",
            help="A Secret that holds the signed license, kept in each of --namespaces.",
        ),
    ] = None
    sync_pull_secret: Annotated[
        str | None,
        typer.Option(
            "--sync-pull-secret",
            metavar="NAME",
            envvar="OPERATOR_SYNC_PULL_SECRET",
            help="A Secret that pulls images by the license's registry account, kept in each of --namespaces.",
        ),
    ] = None
    namespaces: Annotated[
        list[str],
        typer.Option(
            "--namespaces",
            metavar="A,B",
            envvar="OPERATOR_SYNC_NAMESPACES",
            help="The namespaces of these Secrets.",
        ),
    ] = []
    drain_seconds: Annotated[
        str | None,
        typer.Option(
            "--drain-seconds",
            metavar="SECONDS",
            envvar="OPERATOR_DRAIN_SECONDS",
            help="How long it answers on after SIGTERM, no longer ready (default: 5 in a pod, else 0).",
        ),
    ] = None
    log_level: Annotated[
        str | None,
        typer.Option(
            "--log-level", metavar="LEVEL", envvar="LOG_LEVEL", help="debug, info, warning or error (default: info)."
        ),
    ] = None
    log_format: Annotated[
        str | None,
        typer.Option("--log-format", metavar="FORMAT", envvar="LOG_FORMAT", help="text or json (default: text)."),
    ] = None

    def settled(self, by_flag: "AbstractSet[str]") -> "OperatorOptions":
        """Only what was given by flags: variables are read with the rest."""
        return OperatorOptions(**{name: value for name, value in self._asdict().items() if name in by_flag})

    def given(self) -> dict[str, str | list[str] | None]:
        """What was given, by name."""
        return self._asdict()


class StatusOptions(NamedTuple):
    """Which operator."""

    listen: Annotated[
        str | None,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            envvar="OPERATOR_LISTEN",
            help="Where the operator listens (default: 127.0.0.1:3000).",
        ),
    ] = None
    state_dir: Annotated[
        str | None,
        typer.Option(
            "--state-dir",
            metavar="DIR",
            envvar="OPERATOR_STATE_DIR",
            help="Its folder, which is read where it doesn't run.",
        ),
    ] = None
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="How long to wait for it.")] = 5.0
