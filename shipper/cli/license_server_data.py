"""`shipper license-server backup|restore|migrate-to`: what the database holds, as a file or elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from shipper.cli.groups import grouped
from shipper.cli.serveroptions import COMMAND, DatabaseOptions
from shipper.errors import UsageError

if TYPE_CHECKING:
    from shipper.storage.backup import Copied

Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


def add_commands(app: typer.Typer) -> None:
    """Add the three commands to `app`."""
    app.command(short_help="Write a backup of the database, while the server runs.")(backup)
    app.command(short_help="Fill an empty database from a backup.")(restore)
    app.command("migrate-to", short_help="Copy everything to another database.")(migrate_to)


@grouped
def backup(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The backup, a SQLite file; - is standard output.")],
    database: DatabaseOptions,
    force: Force = False,
) -> None:
    """Write a checked backup of the database to FILE, while the server runs.

    It is one SQLite file, of a Postgres database as well. It holds names of users and hashes of keys: keep it safe.
    """
    from shipper.cli.services import require_services

    require_services(f"{COMMAND} backup")
    from shipper.storage.backup import back_up, stream_backup

    if file == "-":
        from shipper.cli.output import write_chunks

        if sys.stdout.isatty():
            raise UsageError("a backup is no text for a terminal", hint="> FILE takes it")
        write_chunks(stream_backup(database.url()))
        return
    _tell("backed up", back_up(database.url(), file, force=force))


@grouped
def restore(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The backup; - is standard input.")],
    database: DatabaseOptions,
    force: Force = False,
) -> None:
    """Fill an empty database from the backup FILE, all of it or nothing, with the server stopped."""
    from shipper.cli.services import require_services

    require_services(f"{COMMAND} restore")
    from shipper.storage import backup as backups

    if file == "-":
        _tell("restored", backups.restore_stream(database.url(), sys.stdin.buffer, force=force))
    else:
        _tell("restored", backups.restore(database.url(), file, force=force))


@grouped
def migrate_to(
    database: DatabaseOptions,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL|@FILE",
            envvar="TARGET_DATABASE_URL",
            help="The other database. A URL with a password belongs into a file or the variable.",
        ),
    ],
) -> None:
    """Copy everything into the empty database at URL, SQLite or Postgres, with the server stopped.

    The rows are counted and compared before it is done; the database stays as it is. Run again, it says whether all
    is there. Set DATABASE_URL to the new one afterwards.
    """
    from shipper.cli.services import require_services

    require_services(f"{COMMAND} migrate-to")
    from shipper.serving.settings import Given, secret_text
    from shipper.storage.backup import move

    target = secret_text(Given(url, "the other database", secret=True))
    _tell("copied", move(database.url(), target))


def _tell(done: str, copied: Copied) -> None:
    from shipper.cli.funnel import counted
    from shipper.cli.output import write

    for name, table in copied.tables.items():
        write(f"{name}: {counted(table.rows, 'row')}\n")
    write(f"{'all of it was there already' if copied.already else done}: {counted(copied.rows, 'row')}\n")
