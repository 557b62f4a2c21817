"""Options said once and used by several commands."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from shipper.cli.groups import grouped
from shipper.cli.options import new_app


class Colors(NamedTuple):
    """Two flags."""

    front: Annotated[str, typer.Option("--front", help="The letters.")] = "black"
    back: Annotated[list[str], typer.Option("--back")] = []  # noqa: RUF012 - as the commands write it


app = new_app()


@app.command()
@grouped
def paint(
    what: Annotated[str, typer.Argument()], colors: Colors, twice: Annotated[bool, typer.Option("--twice")] = False
) -> None:
    """Paint something."""
    print(what, colors, twice)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["door"], "door Colors(front='black', back=[]) False\n"),
        (
            ["door", "--front", "red", "--back", "a", "--back", "b", "--twice"],
            "door Colors(front='red', back=['a', 'b']) True\n",
        ),
    ],
)
def test_the_fields_of_a_group_are_flags(arguments: list[str], shown: str) -> None:
    assert CliRunner().invoke(app, arguments).output == shown


def test_help_has_the_flags_in_the_order_of_the_parameters() -> None:
    text = CliRunner().invoke(app, ["--help"]).output
    assert "Paint something." in text
    assert text.index("  what") < text.index("--front") < text.index("--back") < text.index("--twice")
