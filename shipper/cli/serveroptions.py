"""The options of the license server, and of commands that need only its database.

The variables stand here for `--help`: `shipper.server.settings` reads them itself, so that one place knows which of
flag, variable and file counts.
"""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

COMMAND = "license-server"

Config = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Settings in YAML: address: …. Flags and variables win over it."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL|@FILE",
        envvar="DATABASE_URL",
        help="sqlite:///PATH or postgres://USER@HOST/DATABASE (default: a file in ~/.local/state/shipper).",
    ),
]
PgHost = Annotated[
    str | None,
    typer.Option("--pghost", metavar="HOST", envvar="PGHOST", help="The host of a Postgres, instead of a URL."),
]
PgPort = Annotated[str | None, typer.Option("--pgport", metavar="PORT", envvar="PGPORT", help="Its port.")]
PgUser = Annotated[str | None, typer.Option("--pguser", metavar="NAME", envvar="PGUSER", help="Its user.")]
PgPassword = Annotated[
    str | None,
    typer.Option(
        "--pgpassword",
        metavar="@FILE",
        envvar="PGPASSWORD",
        help="Its password, in a file: others can read what stands on the command line.",
    ),
]
PgDatabase = Annotated[
    str | None, typer.Option("--pgdatabase", metavar="NAME", envvar="PGDATABASE", help="The database in it.")
]
PgSslMode = Annotated[
    str | None,
    typer.Option(
        "--pgsslmode",
        metavar="MODE",
        envvar="PGSSLMODE",
        help="Whether it speaks TLS and who it is: verify-full, require, disable (default: prefer).",
    ),
]
PgSslRootCert = Annotated[
    str | None,
    typer.Option(
        "--pgsslrootcert",
        metavar="FILE",
        envvar="PGSSLROOTCERT",
        help="The certificates that vouch for it (PEM; default: the well-known ones).",
    ),
]


class DatabaseOptions(NamedTuple):
    """Which database, for a command beside the server."""

    database_url: DatabaseUrl = None
    pghost: PgHost = None
    pgport: PgPort = None
    pguser: PgUser = None
    pgpassword: PgPassword = None
    pgdatabase: PgDatabase = None
    pgsslmode: PgSslMode = None
    pgsslrootcert: PgSslRootCert = None
    config: Config = None

    def settled(self, by_flag: "AbstractSet[str]") -> "DatabaseOptions":
        """Only what was given by flags: variables are read with the rest."""
        return self._replace(**{name: None for name in self._fields if name not in by_flag})

    def url(self) -> str:
        """The URL of the database, which may hold a password. Raises UsageError."""
        import os

        from shipper.server.settings import load_database_url

        flags = self._asdict()
        return load_database_url(flags, os.environ, flags.pop("config"))

    def existing_url(self) -> str:
        """The same, of a database that is there: looking at one makes none. Raises UsageError."""
        from shipper.errors import UsageError, shown

        url = self.url()
        missing = _missing_file(url)
        if missing:
            hint = "--database-url or DATABASE_URL names that of the server"
            raise UsageError(f"there is no database {shown(missing)}", hint=hint)
        return url

    def url_said_if_new(self) -> str:
        """The same; where it will be made, a warning says so: the server may have another. Raises UsageError."""
        from shipper.cli.funnel import warn
        from shipper.errors import shown

        url = self.url()
        missing = _missing_file(url)
        if missing:
            warn(f"there was no database {shown(missing)}, and it is made now: has the server the same DATABASE_URL?")
        return url


def _missing_file(url: str) -> str:
    """The file of a SQLite database that isn't there, else nothing."""
    import os

    from shipper.storage.location import SqliteLocation, locate

    location = locate(url)
    return location.path if isinstance(location, SqliteLocation) and not os.path.exists(location.path) else ""


class ServerOptions(NamedTuple):
    """All settings of the server."""

    license_key: Annotated[
        str | None,
        typer.Option(
            "--license-key",
            metavar="KEY|@FILE",
            envvar=["LICENSE_KEY", "OPERATOR_LICENSE_KEY"],
            help="What clients show. Others can read KEY in the list of processes, not @FILE or the variable.",
        ),
    ] = None
    license_path: Annotated[
        str | None,
        typer.Option(
            "--license-path",
            metavar="FILE",
            envvar=["LICENSE_PATH", "OPERATOR_LICENSE_PATH"],
            help="The license that is served; it is read again when it changes.",
        ),
    ] = None
    trust_key_path: Annotated[
        list[str],
        typer.Option(
            "--trust-key-path",
            "--trust-key",
            metavar="PUB",
            envvar="TRUST_KEY_PATH",
            help="A public key that may sign the license; without one it is served unverified. Several: as in PATH.",
        ),
    ] = []
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="HOST:PORT", envvar="ADDRESS", help="Where to listen (default: 0.0.0.0:8080)."
        ),
    ] = None
    root_path: Annotated[
        str | None,
        typer.Option(
            "--root-path",
            metavar="PREFIX",
            envvar="ROOT_PATH",
            help="The prefix before all paths, where no proxy strips it.",
        ),
    ] = None
    tls_cert_path: Annotated[
        str | None,
        typer.Option(
            "--tls-cert-path", metavar="FILE", envvar="TLS_CERT_PATH", help="The certificate chain, for HTTPS (PEM)."
        ),
    ] = None
    tls_key_path: Annotated[
        str | None,
        typer.Option("--tls-key-path", metavar="FILE", envvar="TLS_KEY_PATH", help="Its private key (PEM)."),
    ] = None
    trusted_proxies: Annotated[
        list[str],
        typer.Option(
            "--trusted-proxies",
            metavar="NETWORK",
            envvar="TRUSTED_PROXIES",
            help="Whose X-Forwarded-For is believed: 10.0.0.0/8. Several: with commas in the variable.",
        ),
    ] = []
    database_url: DatabaseUrl = None
    pghost: PgHost = None
    pgport: PgPort = None
    pguser: PgUser = None
    pgpassword: PgPassword = None
    pgdatabase: PgDatabase = None
    pgsslmode: PgSslMode = None
    pgsslrootcert: PgSslRootCert = None
    migrate_database_url: Annotated[
        str | None,
        typer.Option(
            "--migrate-database-url",
            metavar="URL|@FILE",
            envvar="MIGRATE_DATABASE_URL",
            help="A SQLite file that is copied into an empty Postgres at the start: sqlite:////data/license-server.db.",
        ),
    ] = None
    error_events_retention_days: Annotated[
        str | None,
        typer.Option(
            "--error-events-retention-days",
            metavar="DAYS",
            envvar="ERROR_EVENTS_RETENTION_DAYS",
            help="How long errors that operators reported are kept (default: 30).",
        ),
    ] = None
    drain_seconds: Annotated[
        str | None,
        typer.Option(
            "--drain-seconds",
            metavar="SECONDS",
            envvar="DRAIN_SECONDS",
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
    config: Config = None

    def settled(self, by_flag: "AbstractSet[str]") -> "ServerOptions":
        """Only what was given by flags: variables are read with the rest."""
        return ServerOptions(**{name: value for name, value in self._asdict().items() if name in by_flag})

    def given(self) -> dict[str, str | list[str]]:
        """What was given, by name."""
        return {name: value for name, value in self._asdict().items() if value is not None and value != []}
