"""The options that several commands share, and how each falls back to the environment.

The texts are what `--help` shows; keep each within two lines of 80 columns.

Types are evaluated here, not later from their text: every start would pay for it.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


class Order(StrEnum):
    apply = "apply"
    spec = "spec"


class Missing(StrEnum):
    error = "error"
    empty = "empty"


class Escape(StrEnum):
    yaml = "yaml"
    none = "none"


class Templating(StrEnum):
    jinja = "jinja"
    repl = "repl"


class Format(StrEnum):
    text = "text"
    json = "json"
    yaml = "yaml"


SpecFile = Annotated[str, typer.Argument(metavar="SPEC", help="The assets spec; - is standard input.")]
TrustKeys = Annotated[
    list[Path],
    typer.Option(
        "--trust-key",
        metavar="PUB",
        envvar="SHIPPER_TRUST_KEY",
        help="A public key that may sign the license. Several: give it again, or in the variable with : between.",
    ),
]
Templates = Annotated[
    str | None,
    typer.Option(
        "--templates",
        metavar="DIR",
        envvar="SHIPPER_TEMPLATES",
        help="The templates folder (default: templates/ beside the spec, or beside its folder).",
    ),
]
GithubContents = Annotated[
    list[str],
    typer.Option(
        "--github-contents",
        metavar="REPO:PATH:REF:DIR",
        envvar="SHIPPER_GITHUB_CONTENTS",
        help="Take the files of a github asset from DIR/PATH. Several: give it again, or with blanks in the variable.",
    ),
]
TemplatesWithoutSpec = Annotated[
    str | None,
    typer.Option(
        "--templates", metavar="DIR", envvar="SHIPPER_TEMPLATES", help="The folder of what a template includes."
    ),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Pretend it is TIME (RFC 3339), for the license as well."),
]
OutputFormat = Annotated[Format, typer.Option("-o", "--output", help="The format of the answer.")]


LicenseUrl = Annotated[
    str | None,
    typer.Option("--license-url", metavar="URL", envvar="SHIPPER_LICENSE_URL", help="Fetch the license from URL."),
]
LicenseServer = Annotated[
    str | None,
    typer.Option(
        "--license-server",
        metavar="URL",
        envvar="SHIPPER_LICENSE_SERVER",
        help="Ask the license server at URL, with its prefix if it is under one.",
    ),
]
LicenseKey = Annotated[
    str | None,
    typer.Option(
        "--license-key",
        metavar="KEY|@FILE",
        envvar="SHIPPER_LICENSE_KEY",
        help="What the server asks for. Others can read KEY in the list of processes, not @FILE or the variable.",
    ),
]
UNSIGNED_HELP = "Entitlements or a release of Replicated Ship instead of a license: nothing is verified."
UnsignedLicenses = Annotated[
    list[Path],
    typer.Option("--unsigned-license", metavar="FILE", envvar="SHIPPER_UNSIGNED_LICENSE", help=UNSIGNED_HELP),
]
CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file",
        metavar="FILE",
        envvar="SHIPPER_CA_FILE",
        help="PEM certificates to trust instead of the public ones.",
    ),
]
CacheDir = Annotated[
    str | None,
    typer.Option(
        "--cache-dir",
        metavar="DIR",
        envvar="SHIPPER_CACHE_DIR",
        help="Keeps the last good license (default: $XDG_CACHE_HOME/shipper, or ~/.cache/shipper).",
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        envvar="SHIPPER_TIMEOUT",
        help="How long getting the license may take, with all attempts.",
    ),
]


class LicenseOptions(NamedTuple):
    """Where the license comes from, and whose signature counts.

    Of `license`, `unsigned_license`, `license_url` and `license_server` at most one is set once the options are
    settled.
    """

    license: Annotated[
        str | None,
        typer.Option(
            "--license", metavar="FILE", envvar="SHIPPER_LICENSE", help="The signed license; - is standard input."
        ),
    ] = None
    unsigned_license: Annotated[
        str | None,
        typer.Option("--unsigned-license", metavar="FILE", envvar="SHIPPER_UNSIGNED_LICENSE", help=UNSIGNED_HELP),
    ] = None
    license_url: LicenseUrl = None
    license_server: LicenseServer = None
    license_key: LicenseKey = None
    trust_key: TrustKeys = []
    ca_file: CaFile = None
    cache_dir: CacheDir = None
    timeout: Timeout = 30.0

    def settled(self, by_flag: "AbstractSet[str]") -> "LicenseOptions":
        """With one source of the license, a flag before the variables. Raises UsageError for more than one."""
        from shipper.cli.remote import one_source

        return one_source(self, by_flag)


class ConfigOptions(NamedTuple):
    """The values of the spec's options."""

    values: Annotated[
        list[Path],
        typer.Option(
            "-f",
            "--values",
            metavar="FILE",
            envvar="SHIPPER_VALUES",
            help="YAML with the value of each option; later files win. Several: as for --trust-key.",
        ),
    ] = []
    set: Annotated[
        list[str],
        typer.Option("--set", metavar="NAME=TEXT", help="The value of one option; wins over --values."),
    ] = []
    set_file: Annotated[
        list[str],
        typer.Option(
            "--set-file",
            metavar="NAME=PATH",
            help="The value of one option is what the file holds; wins over --set. - is standard input.",
        ),
    ] = []


class FleetOptions(NamedTuple):
    """Rendering for many licenses at once."""

    licenses: Annotated[
        str | None,
        typer.Option(
            "--licenses", metavar="DIR", help="Render for each license (*.pem) in DIR, to the folder of its id."
        ),
    ] = None
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            metavar="N",
            envvar="SHIPPER_JOBS",
            help="With --licenses: how many at a time (default: as many as there are CPUs).",
        ),
    ] = None
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            metavar="I/N",
            envvar="SHIPPER_SHARD",
            help="With --licenses: only part I (from 1) of N; a license's id decides which it is in.",
        ),
    ] = None
    output: Annotated[Format, typer.Option("-o", "--output", help="With --licenses: the format of the summary.")] = (
        Format.text
    )

    def settled(self, by_flag: "AbstractSet[str]") -> "FleetOptions":
        """The same. Raises UsageError for a fleet's flags without a fleet."""
        from shipper.errors import UsageError

        for name, flag in (("jobs", "--jobs"), ("shard", "--shard"), ("output", "-o")):
            if self.licenses is None and name in by_flag:
                raise UsageError(f"{flag} is for --licenses")
        return self


class FactOptions(NamedTuple):
    """What templates can ask for besides the license and the configuration."""

    missing: Annotated[
        Missing,
        typer.Option(
            "--missing",
            envvar="SHIPPER_MISSING",
            help="What an unknown entitlement or option is: an error, or empty text.",
        ),
    ] = Missing.error
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            metavar="FILE",
            envvar="SHIPPER_RELEASE",
            help="YAML with what is known of the release and the cluster: semver, namespace, … (docs/release.md).",
        ),
    ] = None
    installation_id: Annotated[
        str | None,
        typer.Option(
            "--installation-id", metavar="ID", envvar="SHIPPER_INSTALLATION_ID", help="The name of this installation."
        ),
    ] = None
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            metavar="FILE",
            envvar="SHIPPER_STATE",
            help="Keeps certificates, keys and random values once they are made; a folder with --licenses.",
        ),
    ] = None
    at: At = None


class OverlayOptions(NamedTuple):
    """What is set on every Kubernetes object, after it was rendered."""

    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace",
            metavar="NAME",
            envvar="SHIPPER_NAMESPACE",
            help="Put objects that name no namespace into this one; one that names another is an error.",
        ),
    ] = None
    label: Annotated[
        list[str],
        typer.Option("--label", metavar="KEY=VALUE", help="Put a label on every object (not on pods or selectors)."),
    ] = []
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Put license id, serial and spec digest on every object.")
    ] = False


class ValidateOptions(NamedTuple):
    """Whether the result is checked against Kubernetes, and by which schemas."""

    validate: Annotated[
        str | None,
        typer.Option(
            "--validate",
            metavar="[=VERSION]",
            envvar="SHIPPER_VALIDATE",
            help="Check what is rendered by the schemas of Kubernetes VERSION (1.31; default: the newest there are).",
        ),
    ] = None
    schema_dir: Annotated[
        list[Path],
        typer.Option(
            "--schema-dir",
            metavar="DIR",
            envvar="SHIPPER_SCHEMA_DIR",
            help="CustomResourceDefinitions and JSON Schemas, for --validate. Several: as for --trust-key.",
        ),
    ] = []

    def settled(self, by_flag: "AbstractSet[str]") -> "ValidateOptions":
        """As they are. Raises UsageError for a flag that would do nothing."""
        if self.validate is None and "schema_dir" in by_flag:
            from shipper.errors import UsageError

            raise UsageError("--schema-dir is for --validate")
        return self


def new_app(help: str | None = None) -> typer.Typer:
    """A Typer in our style: plain text, no completion flags, errors left to the funnel.

    With `help` it is a group of commands, which shows its help if it is given none.
    """
    return typer.Typer(
        help=help,
        no_args_is_help=help is not None,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
