"""A plan as data for people: each asset, rendered or not, the condition and the values that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import ShipperError
from shipper.render.about import About
from shipper.render.config import is_computed
from shipper.render.plan import make_plan
from shipper.render.secrets import MASK
from shipper.template.runtime import Undefined

if TYPE_CHECKING:
    from shipper.license.unsigned import AnyLicense
    from shipper.render.config import Warned
    from shipper.render.plan import Plan, Planned
    from shipper.render.secrets import Secrets
    from shipper.render.settings import RenderOptions
    from shipper.spec.model import Spec


def explain(spec: Spec, license: AnyLicense | None, options: RenderOptions) -> dict[str, object]:
    """`{"license": …, "options": […], "assets": […], "warnings": […]}`, with secrets masked.

    The license is its id, "unsigned" where it has neither id nor signature.

    An option has name, value, type and whether that was given; an asset number, dest, kind, place, rendered, when, and
    values: what its condition asked for and got. Raises what planning raises.
    """
    plan = make_plan(spec, license, options, trace=True)
    secrets = plan.templating.secrets
    ignored = {item.name for group in spec.groups for item in group.items if is_computed(item)}
    assets = [describe(planned, plan) for planned in plan.assets]
    return {
        "license": (license.license.id or "unsigned") if license else None,
        "options": [
            {
                "name": option.name,
                "value": MASK if option.secret and option.text else option.text,
                "type": option.type,
                "given": option.name in options.given and option.name not in ignored,
            }
            for option in plan.config.options.values()
        ],
        "assets": assets,
        "warnings": [secrets.masked(told(warning)) for warning in plan.warnings],
    }


def told(warning: Warned) -> str:
    """A warning with its place."""
    return f"{warning.position}: {warning.message}" if warning.position else warning.message


def describe(planned: Planned, plan: Plan) -> dict[str, object]:
    """One asset."""
    asset = planned.asset
    secrets = plan.templating.secrets
    dest = dest_of(planned, plan)
    return {
        "number": planned.number,
        "dest": secrets.masked(dest),
        "kind": asset.kind,
        "place": str(asset.position),
        "rendered": planned.included,
        "when": asset.when.text.strip() if asset.when else None,
        "values": values(planned, secrets),
    }


def dest_of(planned: Planned, plan: Plan) -> str:
    """Where the asset goes; for one that is skipped its own words, since they may not work then."""
    asset = planned.asset
    dest = asset.dest.text
    try:
        with About(planned.subject, plan.templating.secrets):
            dest = plan.templating.text(asset.dest, asset.templating)
    except ShipperError:
        if planned.included:
            raise
    return f"{planned.root}/{dest}" if planned.root else dest


def values(planned: Planned, secrets: Secrets) -> list[dict[str, object]]:
    """What the condition asked for and got, each once, in the order it asked; None for what isn't defined."""
    seen: dict[str, object] = {}
    for looked in planned.looked:
        value = looked.value
        if looked.secret:
            value = MASK
        elif isinstance(value, Undefined):
            value = None
        else:
            value = plain(value, secrets)
        seen.setdefault(secrets.masked(looked.expression), value)
    return [{"expression": expression, "value": value} for expression, value in seen.items()]


def plain(value: object, secrets: Secrets) -> object:
    """`value` as JSON has it, without secrets."""
    if value is None or isinstance(value, bool | int | float):
        # A number may have been made at random, and is kept as a text
        return MASK if str(value) in secrets else value
    if isinstance(value, dict):
        return {secrets.masked(str(key)): plain(each, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, secrets) for each in value]
    return secrets.masked(str(value))
