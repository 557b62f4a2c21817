"""A command group that lists its commands from a table and imports only the one that runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.cli.main import Entry


class LazyGroup(TyperGroup):
    """`table` names each command's module, which holds a Typer called `app`, and its line of help."""

    def __init__(self, table: Mapping[str, Entry], *, summary: str, epilog: str) -> None:
        self.table = table
        version = TyperOption(param_decls=["--version"], is_flag=True, help="Show the version and exit.")
        super().__init__(
            name="shipper",
            commands={name: TyperCommand(name) for name in table},
            params=[version],
            help=summary,
            epilog=epilog,
            rich_markup_mode=None,
        )

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """The command itself, imported now."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        command = get_command(import_module(entry.module).app)
        command.name = cmd_name
        return command

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The commands that begin like this, from the table: none of them is imported."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        from typer._click.shell_completion import CompletionItem

        names = (name for name in self.table if name.startswith(incomplete))
        return [CompletionItem(name, help=self.table[name].help) for name in names]

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """The list in `--help`, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])
