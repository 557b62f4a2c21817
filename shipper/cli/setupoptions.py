"""The options of `setup`. Those of Helm have the names that they have there."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from shipper.cli.operatoroptions import LicenseServer

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

AcceptTos = Annotated[
    bool, typer.Option("--accept-tos", help="Accept the terms, which are shown without it. Nothing is printed before.")
]
_KEY = "Others can read KEY in the list of processes, not @FILE or the variable."


class ValuesOptions(NamedTuple):
    """Values of the chart, as Helm takes them."""

    namespace: Annotated[
        str | None,
        typer.Option("-n", "--namespace", metavar="NAME", help="Where it is installed (default: shipper)."),
    ] = None
    values: Annotated[
        list[str],
        typer.Option(
            "-f", "--values", metavar="FILE", help="Values of the Helm chart, in YAML; later files win. - is stdin."
        ),
    ] = []
    set: Annotated[
        list[str],
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Values of the chart, as helm takes them; wins over --values."
        ),
    ] = []
    set_string: Annotated[
        list[str], typer.Option("--set-string", metavar="NAME=TEXT", help="The same, and always a text.")
    ] = []
    set_file: Annotated[
        list[str], typer.Option("--set-file", metavar="NAME=PATH", help="The same, and the value is what PATH holds.")
    ] = []


class LicenseServerOptions(NamedTuple):
    """What the license server needs, and may be said by a flag."""

    license_key: Annotated[
        str | None,
        typer.Option(
            "--license-key",
            metavar="KEY|@FILE",
            envvar="LICENSE_KEY",
            help=f"The key that operators show, of your choosing. {_KEY}",
        ),
    ] = None
    license_path: Annotated[
        str | None,
        typer.Option("--license-path", metavar="FILE", help="The license that is served; goes into a Secret."),
    ] = None
    trust_key: Annotated[
        list[str],
        typer.Option("--trust-key", metavar="PUB", help="The vendor's public key, which verifies the license."),
    ] = []

    def settled(self, by_flag: "AbstractSet[str]") -> "LicenseServerOptions":
        """Only what was given by flags: the variable counts where the values say nothing."""
        return LicenseServerOptions(**{name: value for name, value in self._asdict().items() if name in by_flag})


class OperatorSetupOptions(NamedTuple):
    """What an operator needs, and may be said by a flag."""

    license_key: Annotated[
        str | None,
        typer.Option(
            "--license-key",
            metavar="KEY|@FILE",
            envvar="OPERATOR_LICENSE_KEY",
            help=f"What the license server asks for. {_KEY}",
        ),
    ] = None
    license_server: LicenseServer = None
    cluster_name: Annotated[
        str | None,
        typer.Option("--cluster-name", metavar="NAME", help="The name of the cluster in reports (default: its id)."),
    ] = None
    license_path: Annotated[
        str | None,
        typer.Option(
            "--license-path",
            metavar="FILE",
            help="A license that goes into a Secret: for an operator without a server, or until it has answered.",
        ),
    ] = None
    trust_key: Annotated[
        list[str],
        typer.Option("--trust-key", metavar="PUB", help="The vendor's public key, which verifies the license."),
    ] = []
    sync_secret: Annotated[
        str | None,
        typer.Option(
            "--sync-secret", metavar="NAME", help="Keep a Secret of this name in step with the license, for apps."
        ),
    ] = None
    namespaces: Annotated[
        list[str],
        typer.Option("--namespaces", metavar="A,B", help="The namespaces of --sync-secret, which must exist."),
    ] = []

    def settled(self, by_flag: "AbstractSet[str]") -> "OperatorSetupOptions":
        """Only what was given by flags: variables count where the values say nothing."""
        return OperatorSetupOptions(**{name: value for name, value in self._asdict().items() if name in by_flag})
