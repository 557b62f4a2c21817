"""Completion in the shell: its script, and the answers that the script asks for."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from shipper.cli.options import new_app

if TYPE_CHECKING:
    from typer.core import TyperGroup

app = new_app()

# A script sets it to `complete_bash` and the like, and asks for the words that may follow
VARIABLE = "_SHIPPER_COMPLETE"


class Shell(StrEnum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"


@app.command("completion")
def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print the script that completes commands, flags and their values in a shell.

    For bash: source <(shipper completion bash)
    """
    from typer._completion_shared import get_completion_script

    from shipper.cli.output import write

    write(get_completion_script(prog_name="shipper", complete_var=VARIABLE, shell=shell.value) + "\n")


def answer(group: TyperGroup) -> int:
    """Print what may follow the words in the environment, where a completion script has put them.

    Raises UsageError if they aren't there.
    """
    from typer._completion_classes import completion_init
    from typer.completion import shell_complete

    from shipper.errors import UsageError

    completion_init()
    join_values()
    try:
        return shell_complete(group, {}, "shipper", VARIABLE, os.environ[VARIABLE])
    except SystemExit as end:  # the answer for fish is an exit code
        return end.code if isinstance(end.code, int) else 1
    except (KeyError, ValueError):
        raise UsageError(f"{VARIABLE} is for the scripts of `shipper completion`") from None


def join_values() -> None:
    """Undo that bash takes `--flag=value` for three words."""
    words = os.environ.get("COMP_WORDS", "")
    count = os.environ.get("COMP_CWORD", "")
    parted = re.fullmatch(r"(.*\s--[a-z-]+)\s=\s(\S*)", words, re.DOTALL)
    if parted and count.isdigit():
        os.environ["COMP_WORDS"] = "\n".join(parted.groups())
        os.environ["COMP_CWORD"] = str(int(count) - 1)
