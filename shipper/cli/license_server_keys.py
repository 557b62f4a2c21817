"""`shipper license-server key`: named keys, in the database of a server that may run meanwhile."""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from typing import Annotated

import typer

from shipper.cli.groups import grouped
from shipper.cli.options import Format, OutputFormat, new_app
from shipper.cli.serveroptions import COMMAND, DatabaseOptions

app = new_app(help="Add, list and revoke named keys.")


class KeyScope(StrEnum):
    operator = "operator"
    report = "report"
    admin = "admin"


Name = Annotated[str, typer.Argument(metavar="NAME", help="Of letters, digits and ._-.")]


@app.command(short_help="Make a key and print it.")
@grouped
def add(
    name: Name,
    database: DatabaseOptions,
    scope: Annotated[
        list[KeyScope], typer.Option("--scope", metavar="SCOPE", help="operator, report or admin. Several: again.")
    ] = [],
) -> None:
    """Make a key and print it: it is shown only now, and kept as a hash.

    Operators need the scope operator; seats and reports need report; admin opens all, and the keys themselves.
    A server that runs takes the key within seconds, beside those that there are.
    """
    from shipper.cli import keyview
    from shipper.cli.output import write
    from shipper.cli.services import require_services
    from shipper.errors import UsageError

    require_services(f"{COMMAND} key")
    from shipper.server import keys
    from shipper.serving.routes import Scope
    from shipper.storage.open import open_database
    from shipper.usage.clock import wall

    if not scope:
        raise UsageError("--scope is missing", hint="--scope operator, --scope report or --scope admin")
    keyview.require_name(name)
    scopes = [Scope(each.value) for each in scope]
    with closing(open_database(database.url_said_if_new(), shared=True)) as store:
        key = store.write(lambda tx: keys.add(tx, name, scopes, wall())).result()
    write(f"{key}\n")


@app.command("list", short_help="List the keys, without themselves.")
@grouped
def list_(database: DatabaseOptions, output: OutputFormat = Format.text) -> None:
    """List the named keys: their scopes, when they were made, used and revoked. The keys themselves are kept nowhere."""
    from shipper.cli import keyview
    from shipper.cli.output import write
    from shipper.cli.services import require_services

    require_services(f"{COMMAND} key")
    from shipper.server import keys
    from shipper.storage.open import open_database

    with closing(open_database(database.existing_url(), shared=True)) as store:
        found = store.read(keys.list_keys).result()
    write(keyview.listed(found, output.value))


@app.command(short_help="Revoke a key.")
@grouped
def revoke(name: Name, database: DatabaseOptions) -> None:
    """Revoke a key: in every server that runs it opens nothing any more after two seconds."""
    from shipper.cli import keyview
    from shipper.cli.output import write
    from shipper.cli.services import require_services
    from shipper.errors import UsageError, did_you_mean, shown

    require_services(f"{COMMAND} key")
    from shipper.server import keys
    from shipper.storage.open import open_database
    from shipper.usage.clock import wall

    keyview.require_name(name)

    with closing(open_database(database.existing_url(), shared=True)) as store:
        if not store.write(lambda tx: keys.revoke(tx, name, wall())).result():
            working = [each.name for each in store.read(keys.list_keys).result() if each.revoked is None]
            raise UsageError(f"no key that works is called {shown(name)}", hint=did_you_mean(name, working))
    write(f"revoked the key {shown(name)}\n")
