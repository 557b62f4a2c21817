"""`shipper license-server`: the server itself, and what an admin does with its database."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from shipper.cli import license_server_data, license_server_keys, setup
from shipper.cli.groups import grouped
from shipper.cli.serveroptions import COMMAND, DatabaseOptions, ServerOptions
from shipper.errors import UsageError


class _Group(TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command; `run` is what the operator has, and is looked for here, too."""
        if args[:1] == ["run"]:
            raise UsageError('there is no command "run"', hint=f"without a command it runs: shipper {COMMAND}")
        return super().resolve_command(ctx, args)


app = typer.Typer(cls=_Group, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(license_server_keys.app, name="key", short_help="Add, list and revoke named keys.")


@app.callback(invoke_without_command=True)
@grouped
def license_server(ctx: typer.Context, options: ServerOptions) -> None:
    """Serve a license to operators and apps, record who uses the product, and count the seats.

    Without a command it runs until it gets SIGTERM or SIGINT. Each setting is a flag, a variable, or an entry of the
    file of --config; the first of them wins.
    """
    from shipper.cli.services import require_services

    given = options.given()
    if ctx.invoked_subcommand is not None:
        if given:
            name = next(iter(given))
            flag = "--" + name.replace("_", "-")
            after = f"shipper {COMMAND} {ctx.invoked_subcommand} … {flag} …"
            hint = after if name in DatabaseOptions._fields else "it is for the server itself"
            raise UsageError(f"{flag} stands before {ctx.invoked_subcommand}", hint=hint)
        return
    require_services(COMMAND)
    import os

    from shipper.server.run import run
    from shipper.server.settings import load

    given.pop("config", None)
    code = run(load(given, os.environ, options.config))
    if code:
        raise typer.Exit(code)


@app.command(short_help="Show the highest time seen, or forget it.")
@grouped
def clock(
    database: DatabaseOptions,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget it: expiry is judged by this machine's clock again.")
    ] = False,
) -> None:
    """Show the highest time the server has seen, by which it judges whether the license has expired.

    Where the clock was once wrong by days or years, --reset forgets that time, with the server stopped.
    """
    from shipper.cli.output import write
    from shipper.cli.services import require_services

    require_services(f"{COMMAND} clock")
    from shipper.server import clockmark
    from shipper.storage.open import open_database

    with closing(open_database(database.existing_url(), shared=not reset)) as store:
        write(clockmark.report(store, reset=reset))


@app.command(short_help="Show the highest serial of each license, or forget one.")
@grouped
def serial(
    database: DatabaseOptions,
    reset: Annotated[
        str | None,
        typer.Option("--reset", metavar="ID", help="Forget the serial of the license ID: an older one may follow."),
    ] = None,
) -> None:
    """Show the highest serial that was served of each license; one that is older is refused."""
    from shipper.cli.output import write
    from shipper.cli.services import require_services

    require_services(f"{COMMAND} serial")
    from shipper.server import serialmark
    from shipper.storage.open import open_database

    with closing(open_database(database.existing_url(), shared=not reset)) as store:
        write(serialmark.report(store, reset))


license_server_data.add_commands(app)
setup.add_to(app, "license-server")
