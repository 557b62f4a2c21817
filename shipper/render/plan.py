"""The plan: which assets are rendered, where, and why not the others. Nothing is rendered yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import SpecError
from shipper.render.about import About, asset_subject
from shipper.render.config import Warned, resolve
from shipper.render.paths import check_dest
from shipper.render.secrets import hush
from shipper.render.templating import Templating
from shipper.spec.model import MessageStep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.license.unsigned import AnyLicense
    from shipper.render.config import Resolved
    from shipper.render.settings import RenderOptions
    from shipper.spec.model import Asset, Level, RenderStep, Spec, Text
    from shipper.template.evaluator import Traced


class Planned(NamedTuple):
    """An asset and what was decided: `number` counts all assets of the plan from 1, `root` is put before its dest.

    `looked` are the values that its `when` asked for, if they were traced.
    """

    number: int
    asset: Asset
    root: str
    included: bool
    looked: tuple[Traced, ...] = ()

    @property
    def subject(self) -> str:
        """What the asset is called in messages."""
        return asset_subject(self.asset.dest.text, self.number)

    @property
    def reason(self) -> str:
        """Why the asset is rendered or not."""
        when = self.asset.when
        if when is None:
            return "it has no condition"
        return f"its condition is {'true' if self.included else 'false'}: {when.text.strip()}"


class Message(NamedTuple):
    """What the spec tells the customer."""

    level: Level
    text: str


class Plan(NamedTuple):
    """Everything that is decided before the first file is made."""

    templating: Templating
    config: Resolved
    assets: list[Planned]
    messages: list[Message]
    warnings: list[Warned]


def make_plan(spec: Spec, license: AnyLicense | None, options: RenderOptions, *, trace: bool = False) -> Plan:
    """Resolve the configuration, then follow the lifecycle's steps; without steps all assets are rendered.

    Raises SpecError, TemplateError, LimitError.
    """
    templating = Templating(license, options, spec.templating)
    if templating.keeping is not None:
        templating.keeping.know(spec)
    config = resolve(spec.groups, options.given, templating)
    templating.warnings += config.warnings
    plan = Plan(templating, config, [], [], templating.warnings)
    templating.expect(len(spec.assets))
    if not spec.steps:
        plan_assets(plan, spec.assets, "", trace=trace)
        return plan
    for step in spec.steps:
        if isinstance(step, MessageStep):
            with About("message", templating.secrets):
                text = templating.text(step.contents)
                plan.messages.append(Message(step.level, templating.secrets.masked(text)))
        else:
            plan_step(plan, spec, step, trace=trace)
    if all(isinstance(step, MessageStep) for step in spec.steps) and spec.assets:
        plan.warnings.append(Warned("nothing is rendered: lifecycle.v1 has no render step", spec.steps[0].position))
    return plan


def plan_step(plan: Plan, spec: Spec, step: RenderStep, *, trace: bool) -> None:
    """Plan the assets of a render step below its root."""
    root = ""
    if step.root is not None:
        with About("render step", plan.templating.secrets):
            root = root_of(step.root, plan.templating)
    plan_assets(plan, spec.assets if step.assets is None else step.assets, root, trace=trace)


def plan_assets(plan: Plan, assets: Iterable[Asset], root: str, *, trace: bool) -> None:
    """Decide about each of `assets`. Raises TemplateError for a `when` that is unclear."""
    for asset in assets:
        looked: list[Traced] | None = [] if trace else None
        planned = Planned(len(plan.assets) + 1, asset, root, included=True)
        if asset.when is not None:
            with About(f"{planned.subject}: when", plan.templating.secrets):
                included = plan.templating.condition(asset.when, looked, asset.templating)
            planned = planned._replace(included=included, looked=tuple(looked or ()))
        plan.assets.append(planned)


def root_of(field: Text, templating: Templating) -> str:
    """The folder of a render step, checked as a dest is; empty for the output's own. Raises SpecError."""
    text = templating.text(field)
    if text in {"", ".", "./"}:
        return ""
    try:
        return check_dest(text.removesuffix("/"))
    except SpecError as error:
        error.position = error.position or field.position
        if templating.used_secret:
            hush(error)
        raise
