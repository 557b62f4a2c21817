"""`--validate`, which may have a value and may have none, and what it finds on standard error."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from shipper.errors import ShipperError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from shipper.cli.options import ValidateOptions
    from shipper.render.run import Rendering
    from shipper.render.validate import Validator

FLAG = "--validate"
_VERSION = re.compile(r"v?\d+\.\d+(\.\d+)?|latest")


class ValidatingCommand(TyperCommand):
    """A command whose `--validate` takes a value only after `=`: what follows it may well be the spec."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse `args` after giving the bare flag its value. Raises UsageError for a version behind a blank."""
        end = args.index("--") if "--" in args else len(args)
        for flag, argument in pairwise(args[:end]):
            if flag == FLAG and _VERSION.fullmatch(argument):
                raise UsageError(f"{FLAG} takes a version after = only", hint=f"{FLAG}={argument}")
        given = [f"{FLAG}=latest" if argument == FLAG else argument for argument in args[:end]]
        return super().parse_args(ctx, given + args[end:])


def validator_of(options: ValidateOptions) -> Validator | None:
    """The validator that was asked for. Raises UsageError if what it needs is missing."""
    if options.validate is None:
        return None
    from shipper.render.validate import Validator

    return Validator(options.validate, [str(folder) for folder in options.schema_dir])


class Telling:
    """A context around the reading of a rendering's files: what validation found is said on standard error."""

    def __init__(self, rendering: Rendering) -> None:
        self.rendering = rendering

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, ShipperError):
            tell_findings(self.rendering)


def tell_findings(rendering: Rendering) -> None:
    """Say each finding as an error, and once which types were not checked."""
    from shipper.cli.funnel import colored, describe, note, say

    color = colored()
    for finding in rendering.findings:
        say(describe(finding, color=color))
    if rendering.unchecked:
        from shipper.render.validate import unchecked

        note(unchecked(rendering.unchecked))
