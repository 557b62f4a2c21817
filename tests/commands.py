"""Every command of the program, as the command line itself knows it."""

from __future__ import annotations

from functools import cache
from typing import Any

from shipper.cli.main import root


@cache
def all_commands() -> dict[str, Any]:
    """Each command by its words without `shipper`, in the order of `--help`; groups stand before what is in them."""
    group = root()
    found: dict[str, Any] = {}
    with group.make_context("shipper", ["lint"], resilient_parsing=True) as context:
        for name in group.list_commands(context):
            command: Any = group.get_command(context, name)
            found |= _with_members(name, command)
    return {name: command for name, command in found.items() if not command.hidden}


def _with_members(name: str, command: Any) -> dict[str, Any]:
    found = {name: command}
    for inner, member in getattr(command, "commands", {}).items():
        found |= _with_members(f"{name} {inner}", member)
    return found


def variables() -> dict[str, tuple[str, set[str]]]:
    """Each variable with its flag and the commands that know it."""
    found: dict[str, tuple[str, set[str]]] = {}
    for name, command in all_commands().items():
        for option in command.params:
            for variable in names_of(option.envvar):
                found.setdefault(variable, (long_flag(option), set()))[1].add(name)
    return found


def names_of(variable: str | list[str] | None) -> list[str]:
    return [variable] if isinstance(variable, str) else list(variable or ())


def long_flag(option: Any) -> str:
    """`--values` of `-f, --values`."""
    flag: str = max(option.opts, key=len)
    return flag
