"""The `shipper` program: a table of commands, each loaded when it is asked for."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from shipper.cli.funnel import flush_all, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.core import TyperGroup


class Entry(NamedTuple):
    """A command: the module whose `app` holds it, and its line in the list of commands."""

    module: str
    help: str


COMMANDS = {
    "render": Entry("shipper.cli.render", "Render a spec to Kubernetes YAML or a folder."),
    "lint": Entry("shipper.cli.lint", "Check a spec and its templates."),
    "test": Entry("shipper.cli.test", "Render cases and compare them with what is expected."),
    "explain": Entry("shipper.cli.explain", "Say which assets are rendered, and why."),
    "diff": Entry("shipper.cli.diff.command", "Compare two licenses, a published tree, another time."),
    "eval": Entry("shipper.cli.eval", "Render templates one by one."),
    "init": Entry("shipper.cli.init", "Make a folder with a spec, a license and tests to begin with."),
    "schema": Entry("shipper.cli.schema", "Print the JSON Schema of the assets spec."),
    "verify": Entry("shipper.cli.verify", "Say what was changed in a published folder since."),
    "completion": Entry("shipper.cli.completion", "Print the script that completes commands in a shell."),
    "usage": Entry("shipper.cli.usage", "Show what a license server knows of usage and seats."),
    "license": Entry("shipper.cli.license", "Make, show and verify licenses and keys."),
    "license-server": Entry("shipper.cli.license_server", "Serve a license, and count who uses the product."),
    "operator": Entry("shipper.cli.operator", "Run the operator of a cluster, and see how it stands."),
}

SUMMARY = "From an assets spec and a signed license to Kubernetes YAML."

EXIT_CODES = (
    "Exit codes: 0 done, 1 a bug, 2 usage, 3 spec or configuration, 4 template, 5 license, "
    "6 network, 7 output, 8 a limit, 10 different."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with `argv` (without the program's name) and return its exit code.

    Without `argv` this is the program itself: it ends here.
    """
    if argv is not None:
        return run(lambda: invoke(list(argv)))
    begin_again_in_utf8()
    # Most of what a run allocates lives until its end: looking for garbage 700 objects at a time finds none and
    # costs 10 ms of 150, and taking the interpreter apart another 20.
    gc.set_threshold(100_000, 20, 20)
    code = run(lambda: invoke(sys.argv[1:]))
    flush_all()
    os._exit(code)


def begin_again_in_utf8() -> None:
    """Where the locale knows no UTF-8 (`LC_ALL=C` without Python's remedies for it), start anew in UTF-8 mode.

    Arguments, messages and the names of files are UTF-8 everywhere else, and a spec may name any file.
    """
    mode = ["-X", "utf8"]
    if sys.getfilesystemencoding() == "utf-8" or sys.orig_argv[1:3] == mode or not sys.executable:
        return
    os.execv(sys.executable, [sys.executable, *mode, *sys.orig_argv[1:]])  # noqa: S606 - the same program and arguments


def invoke(arguments: list[str]) -> int:
    """Parse and run one command; its errors leave as exceptions."""
    if arguments == ["--version"]:
        from shipper import __version__
        from shipper.cli.output import write

        write(f"shipper {__version__}\n")
        return 0
    group = root()
    if "_SHIPPER_COMPLETE" in os.environ:
        from shipper.cli.completion import answer

        return answer(group)
    import typer

    from shipper.cli.output import require_open

    # Not `group.main`, which has a funnel of its own
    try:
        with group.make_context("shipper", arguments or ["--help"]) as context:
            result = group.invoke(context)
    except typer.Exit as end:  # after --help, which says nothing where nobody can read it
        require_open()
        return end.exit_code
    return result if isinstance(result, int) else 0


def root() -> TyperGroup:
    """The root command. Typer is imported here, which keeps this module free of cost."""
    from shipper.cli.lazy import LazyGroup

    return LazyGroup(COMMANDS, summary=SUMMARY, epilog=EXIT_CODES)
