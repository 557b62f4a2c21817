"""`shipper schema`: the JSON Schema of the assets spec."""

from __future__ import annotations

from shipper.cli.options import new_app

app = new_app()


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the assets spec, with which an editor completes and checks one."""
    from importlib.resources import files

    from shipper.cli.output import write

    write((files("shipper.spec") / "spec.schema.json").read_text(encoding="utf-8"))
