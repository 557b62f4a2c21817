"""`shipper operator`: the operator itself, and how one stands."""

import typer

from shipper.cli import setup
from shipper.cli.groups import grouped
from shipper.cli.operatoroptions import Config, OperatorOptions, StatusOptions
from shipper.cli.options import Format, OutputFormat, new_app

app = new_app(help="Run the operator of a cluster, and see how it stands.")


@app.command(short_help="Run the operator: between apps and the license server.")
@grouped
def run(options: OperatorOptions, config: Config = None) -> None:
    """Fetch the license, answer apps, and report who uses the product, until it gets SIGTERM or SIGINT.

    Each setting is a flag, a variable, or an entry of the file of --config; the first of them wins.
    """
    from shipper.cli.services import require_services

    require_services("operator run")
    import os

    from shipper.operator.run import run as serve
    from shipper.operator.settings import load

    code = serve(load(options.given(), os.environ, config))
    if code:
        raise typer.Exit(code)


@app.command(short_help="Show how an operator stands: server, license, seats, sessions, spool.")
@grouped
def status(options: StatusOptions, output: OutputFormat = Format.text) -> None:
    """Show how an operator stands: the license server, the license, seats, open sessions, what waits to be reported.

    The running operator is asked; where none answers at --listen, its --state-dir is read. Ends with 5 where the
    license lets no session start, and with 6 where there is nobody to ask.
    """
    from shipper.cli.services import require_services

    require_services("operator status")
    from shipper.cli.operatorview import shown
    from shipper.cli.output import formatted, write
    from shipper.cli.remote import check_timeout
    from shipper.operator.ask import obtain

    check_timeout(options.timeout)
    found = obtain(options.listen, options.state_dir, options.timeout)
    if output is Format.text:
        write(shown(found))
    else:
        write(formatted(found, output.value))
    license = found["license"]
    if license is None or license["code"]:
        raise typer.Exit(5)


setup.add_to(app, "operator")
