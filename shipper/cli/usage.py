"""`shipper usage`: what a license server knows of usage."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from shipper.cli.groups import grouped
from shipper.cli.options import CaFile, Format, LicenseKey, LicenseServer, OutputFormat, new_app

if TYPE_CHECKING:
    from shipper.cli.reportserver import ReportServer

app = new_app(help="Show what a license server knows: who uses the product, and who holds a seat.")


class ReportFormat(StrEnum):
    text = "text"
    json = "json"
    yaml = "yaml"
    csv = "csv"


class PrimaryKey(StrEnum):
    machine_id = "machine_id"
    username = "username"
    client_username = "client_username"
    client_hostname = "client_hostname"


AnswerTimeout = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="SECONDS", envvar="SHIPPER_TIMEOUT", help="How long each answer of the server may take."
    ),
]


class ServerOptions(NamedTuple):
    """Which server is asked."""

    license_server: LicenseServer = None
    license_key: LicenseKey = None
    ca_file: CaFile = None
    timeout: AnswerTimeout = 30.0

    def server(self) -> "ReportServer":
        """The server. Raises UsageError. Warns where the key is sent in the clear."""
        from shipper.cli.remote import report_server

        return report_server(self.license_server, self.license_key, self.ca_file, self.timeout)


@app.command(short_help="Who used the product, how much, and who was denied.")
@grouped
def report(
    options: ServerOptions,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="The first instant: RFC 3339 or a date (default: all time)."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="The last instant, or day, that counts (default: now).")
    ] = None,
    primary_key: Annotated[
        PrimaryKey | None,
        typer.Option("--primary-key", help="By what users are told apart (default: by what the license counts)."),
    ] = None,
    output: Annotated[ReportFormat, typer.Option("-o", "--output", help="The format of the answer.")] = (
        ReportFormat.text
    ),
) -> None:
    """Show who used the product in a period, how much, which seats are taken now, and who was denied.

    As JSON and YAML it is the server's report with the seats and the newest 1000 denials added; as CSV it has the users
    alone.
    """
    from shipper.cli.output import formatted, write, write_chunks
    from shipper.cli.reportserver import ERRORS, SEATS, USAGE
    from shipper.cli.usageview import report_text

    server = options.server()
    period = {"from": start, "to": end}
    query = {**period, "primary_key": primary_key.value if primary_key else None}
    if output is ReportFormat.csv:
        write_chunks([server.get(USAGE, {**query, "format": "csv"})])
        return
    found = server.json(USAGE, query)
    seats = server.json(SEATS, {})
    denials = server.json(ERRORS, {**period, "kind": "session_denied", "limit": "1000"})
    if output is ReportFormat.text:
        write(server.shown(lambda: report_text(server.name, found, seats, denials)))
    else:
        write(formatted({**found, "seats": seats, "denials": denials.get("entries", [])}, output.value))


@app.command(short_help="Who holds a seat, since when, and when it is free again.")
@grouped
def seats(
    options: ServerOptions,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="The seats at TIME (RFC 3339) instead of now.")
    ] = None,
    output: OutputFormat = Format.text,
) -> None:
    """Show who holds a seat, by which rule, since when, on which clusters, and when it is free again."""
    from shipper.cli.output import formatted, write
    from shipper.cli.reportserver import SEATS
    from shipper.cli.usageview import seats_text

    server = options.server()
    table = server.json(SEATS, {"at": at})
    if output is Format.text:
        write(server.shown(lambda: seats_text(server.name, table)))
    else:
        write(formatted(table, output.value))
