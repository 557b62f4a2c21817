"""`shipper explain`: what render would do, and why."""

from __future__ import annotations

import json
from typing import Any

from shipper.cli.groups import grouped
from shipper.cli.options import (
    ConfigOptions,
    FactOptions,
    Format,
    GithubContents,
    LicenseOptions,
    OutputFormat,
    SpecFile,
    Templates,
    new_app,
)

app = new_app()


@app.command("explain")
@grouped
def explain(
    spec: SpecFile,
    license: LicenseOptions,
    config: ConfigOptions,
    facts: FactOptions,
    templates: Templates = None,
    github_contents: GithubContents = [],
    output: OutputFormat = Format.text,
) -> int:
    """Say which assets are rendered, and why.

    Each asset comes with its condition and the values that decided; passwords are masked.
    """
    from shipper.cli.inputs import state_file
    from shipper.cli.output import formatted, write
    from shipper.cli.session import open_session
    from shipper.render.explain import explain as explained

    session = open_session(spec, license, config, facts, templates=templates, contents=github_contents)
    options = session.options._replace(state=state_file(facts.state, keeps=False))
    data = explained(session.spec, session.license, options)
    write(as_text(data) if output is Format.text else formatted(data, output.value))
    return 0


def as_text(data: dict[str, Any]) -> str:
    """The explanation for people."""
    from shipper.cli.funnel import printable

    lines: list[str] = []
    if data["options"]:
        lines.append("Options:")
        width = max(len(option["name"]) for option in data["options"])
        for option in data["options"]:
            origin = "given" if option["given"] else "from the spec"
            lines.append(f"  {option['name']:{width}}  {shown(option['value'])}  ({origin})")
        lines.append("")
    lines.append("Assets:")
    for asset in data["assets"]:
        lines.append(
            f"  {'rendered' if asset['rendered'] else 'skipped '}  {printable(asset['dest'])}  ({asset['place']})"
        )
        if asset["when"] is not None:
            lines.append(f"            when {printable(asset['when'])}")
        lines += [
            f"              {printable(value['expression'])} is {shown(value['value'])}" for value in asset["values"]
        ]
    if not data["assets"]:
        lines.append("  none")
    lines += ["", *(f"warning: {printable(warning)}" for warning in data["warnings"])] if data["warnings"] else []
    return "\n".join(lines) + "\n"


def shown(value: object) -> str:
    """A value as JSON writes it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    from shipper.cli.funnel import printable

    return printable(text if len(text) <= 100 else text[:99] + "…")
