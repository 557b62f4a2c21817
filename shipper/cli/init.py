"""`shipper init`: a folder to begin with."""

from __future__ import annotations

from typing import Annotated

import typer

from shipper.cli.options import new_app

app = new_app()

NEXT = """\
cd {name}
shipper lint spec.yaml
shipper test
shipper license keygen vendor --no-passphrase
shipper license issue --key vendor.key --from license.yaml --output-file license.pem
shipper render spec.yaml --license license.pem --trust-key vendor.pub
"""


@app.command("init")
def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The product's name, and the new folder's.")],
) -> None:
    """Make a folder NAME with a spec, a template, a license and tests, and print the commands to go on with."""
    from shipper.cli.funnel import counted, note
    from shipper.cli.output import write
    from shipper.cli.scaffold import create

    files = create(name)
    note(f"{counted(len(files), 'file')} in {name}; the next commands:")
    write(NEXT.format(name=name))
