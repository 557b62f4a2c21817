"""`shipper operator setup` and `shipper license-server setup`: manifests on standard output, for kubectl."""

from typing import TYPE_CHECKING

from shipper.cli.groups import grouped
from shipper.cli.setupoptions import AcceptTos, LicenseServerOptions, OperatorSetupOptions, ValuesOptions

if TYPE_CHECKING:
    import typer

    from shipper.kubernetes.typed import Path
    from shipper.setup.charts import Name

SHORT_HELP = "Print the Kubernetes manifests that install it, for kubectl apply."


def add_to(app: "typer.Typer", name: "Name") -> None:
    """Add `setup` to the commands of `name`."""
    app.command("setup", short_help=SHORT_HELP)(_COMMANDS[name])


@grouped
def license_server(
    own: LicenseServerOptions,
    options: ValuesOptions,
    accept_tos: AcceptTos = False,
) -> None:
    """Print the Kubernetes manifests that install the license server, the same as its Helm chart does.

    They go to standard output, for kubectl apply -f -, and hold the license and its key, in Secrets.
    """
    from shipper.cli.setuprun import Sources, run

    sources = Sources(own.license_key, "LICENSE_KEY", own.license_path, own.trust_key)
    run("license-server", options, sources, {}, accepted=accept_tos)


@grouped
def operator(
    own: OperatorSetupOptions,
    options: ValuesOptions,
    accept_tos: AcceptTos = False,
) -> None:
    """Print the Kubernetes manifests that install the operator of a cluster, the same as its Helm chart does.

    They go to standard output, for kubectl apply -f -, and hold the license key, in a Secret.
    """
    from shipper.cli.setuprun import Sources, run

    sources = Sources(own.license_key, "OPERATOR_LICENSE_KEY", own.license_path, own.trust_key)
    flags: dict[Path, object] = {}
    if own.license_server is not None:
        flags["license", "licenseServer"] = own.license_server
    if own.cluster_name is not None:
        flags["operator", "clusterName"] = own.cluster_name
    names = [name.strip() for each in own.namespaces for name in each.split(",") if name.strip()]
    if own.sync_secret is not None:
        flags["sync", "secret"] = own.sync_secret
    if names:
        flags["sync", "namespaces"] = names
    run("operator", options, sources, flags, accepted=accept_tos)


_COMMANDS = {"license-server": license_server, "operator": operator}
