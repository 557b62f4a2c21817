"""The rules about a spec as a whole, and the way through all of its templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shipper.template.filters
import shipper.template.tests  # noqa: F401 - both fill the tables
from shipper.assets import local, template
from shipper.errors import Position, ShipperError
from shipper.render.about import asset_subject
from shipper.render.shiplint import texts
from shipper.render.shiplint.actions import OPTIONS, Actions, Surroundings
from shipper.render.shiplint.conditions import Condition
from shipper.render.shiplint.kinds import function_of
from shipper.render.shiplint.model import DifferenceError
from shipper.render.templating import Templating
from shipper.spec.model import (
    GithubAsset,
    InlineAsset,
    LocalAsset,
    MessageStep,
    RenderStep,
    TemplateAsset,
    TerraformAsset,
    UnsupportedAsset,
)
from shipper.template.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import nodes

    from shipper.license.unsigned import AnyLicense
    from shipper.render.settings import RenderOptions
    from shipper.spec.model import Asset, Spec, Text
    from shipper.spec.model import Templating as Dialect
    from shipper.template.source import TemplateSource

KINDS = {
    "docker": ("saved an image", "save or push it with a tool for images"),
    "dockerlayer": ("saved a layer of an image", "save it with a tool for images"),
    "helm": ("ran helm template", "run it yourself, and keep what it gives in inline or local assets"),
    "web": ("fetched a URL", "fetch it yourself, and keep it in a local asset"),
    "amazon_eks": ("wrote Terraform text, rendered twice", "write it in a terraform asset"),
    "google_gke": ("wrote Terraform text, rendered twice", "write it in a terraform asset"),
    "azure_aks": ("wrote Terraform text, rendered twice", "write it in a terraform asset"),
}
YAML_NAMES = (".yaml", ".yml")


def differences(spec: Spec, license: AnyLicense | None, options: RenderOptions) -> list[DifferenceError]:
    """Every place where it matters that the spec was written for Replicated Ship; in the order of their places.

    Templates that can't be read are passed over: `lint` says what is wrong with them.
    """
    walker = _Spec(spec, license, options)
    walker.check()
    unique = {str(found): found for found in walker.found}
    return sorted(unique.values(), key=_place)


def _place(found: DifferenceError) -> tuple[int, int, str]:
    position = found.position or Position("")
    return position.line, position.column, found.rule


class _Spec:
    """The way through a spec."""

    def __init__(self, spec: Spec, license: AnyLicense | None, options: RenderOptions) -> None:
        self.spec = spec
        self.templating = Templating(license, options, spec.templating)
        self.found: list[DifferenceError] = []
        self.around = Surroundings(
            {item.name: item for group in spec.groups for item in group.items},
            license.license.entitlements if license else None,
            self.templating.facts,
        )

    def check(self) -> None:
        """Look at everything."""
        for group in self.spec.groups:
            self.condition(group.when, f"config group {group.name}")
            for item in group.items:
                self.condition(item.when, f"option {item.name}")
                for field in (item.value, item.default):
                    self.field(field, f"option {item.name}")
        number = self.assets(self.spec.assets, 1)
        if self.spec.assets and not self.spec.steps:
            self.add("lifecycle", self.spec.assets[0].position)
        for step in self.spec.steps:
            if isinstance(step, MessageStep):
                self.message(step.contents)
            elif isinstance(step, RenderStep):
                self.field(step.root, "render step")
                if step.root is None or not step.root.text:
                    self.add("root", step.position, "render step")
                number = self.assets(step.assets or (), number)

    def add(self, rule: str, position: Position, subject: str = "", *about: str) -> None:
        self.found.append(DifferenceError(rule, position, subject, *about))

    def assets(self, assets: Iterable[Asset], number: int) -> int:
        """The assets of one place; gives the number of the next one."""
        places: dict[str, Text] = {}
        for asset in assets:
            subject = asset_subject(asset.dest.text, number)
            number += 1
            self.condition(asset.when, subject, asset.templating)
            if isinstance(asset, UnsupportedAsset):
                self.add("kind", asset.position, subject, *KINDS.get(asset.kind, ("did that", "")))
                continue
            self.field(asset.dest, subject, asset.templating)
            self.dest(asset, subject, places)
            self.contents(asset, subject)
        return number

    def dest(self, asset: Asset, subject: str, places: dict[str, Text]) -> None:
        """Where the asset goes."""
        text = asset.dest.text
        folder = text.rpartition("/")[0]
        if "{{repl" in folder and isinstance(asset, InlineAsset):
            self.add("dest-folder", asset.dest.position, subject)
        if "{" in text:
            return
        if ".." in text and not {"..", ""} & set(text.split("/")):
            self.add("dest-dots", asset.dest.position, subject)
        if text.startswith("/"):
            self.add("dest-absolute", asset.dest.position, subject)
        normal = text.removeprefix("./")
        if normal in places and not isinstance(asset, GithubAsset | LocalAsset):
            self.add("dest-twice", asset.dest.position, subject)
        places[normal] = asset.dest

    def contents(self, asset: Asset, subject: str) -> None:
        """What the asset holds."""
        yaml = asset.escape == "yaml" and asset.dest.text.lower().endswith(YAML_NAMES)
        if isinstance(asset, InlineAsset):
            self.field(asset.contents, subject, asset.templating, yaml=yaml)
        elif isinstance(asset, TerraformAsset):
            self.field(asset.inline, subject, asset.templating)
        elif isinstance(asset, GithubAsset):
            if not self.templating.repositories:
                self.add("github", asset.position, subject)
            for field in (asset.repo, asset.path, asset.ref):
                self.field(field, subject, asset.templating)
            self.condition(asset.strip_path, subject, asset.templating)
        elif isinstance(asset, LocalAsset):
            self.add("local", asset.position, subject)
            self.sources(asset, subject)
        elif isinstance(asset, TemplateAsset):
            self.sources(asset, subject)

    def sources(self, asset: LocalAsset | TemplateAsset, subject: str) -> None:
        """The files of an asset that are templates in repl."""
        try:
            if isinstance(asset, LocalAsset):
                found = list(local.templates(asset, self.templating))
            else:
                found = [template.find(asset, self.templating)]
        except ShipperError:
            return
        for source in found:
            if source.templating == "repl":
                self.template(source, subject)

    def message(self, contents: Text) -> None:
        """A message, which knew no options."""
        body = self.field(contents, "message")
        for node in walk(body or ()):
            if function_of(node) in OPTIONS:
                source = self.templating.source(contents)
                self.add("message", source.position(node.node.lineno), "message")  # type: ignore[attr-defined]  # a call

    def field(
        self, field: Text | None, subject: str, dialect: Dialect | None = None, *, yaml: bool = False
    ) -> list[nodes.Node] | None:
        """A templated field; gives its statements if it is in repl and can be read."""
        if field is None or "{" not in field.text:
            return None
        source = self.templating.source(field, dialect)
        if source.templating == "repl":
            return self.template(source, subject, yaml=yaml)
        self.jinja(source, subject)
        return None

    def jinja(self, source: TemplateSource, subject: str) -> None:
        """A field that Ship would have left alone, but for actions of its own."""
        begins = [place for place in map(source.text.find, ("{{", "{%", "{#")) if place >= 0]
        if begins and not source.file.endswith(".j2"):
            self.add("jinja", source.position(min(begins)), subject)

    def template(self, source: TemplateSource, subject: str, *, yaml: bool = False) -> list[nodes.Node] | None:
        """One template in repl."""
        self.found += texts.openings(source, subject)
        body = self.parsed(source)
        if body:
            actions = Actions(source, body, subject, self.around)
            self.found += actions.differences()
            if yaml:
                self.found += texts.structures(source, body, subject, actions.variables)
        return body

    def condition(self, field: Text | None, subject: str, dialect: Dialect | None = None) -> None:
        """A `when`."""
        if field is None:
            return
        source = self.templating.source(field, dialect)
        if source.templating != "repl" and "{" in field.text:
            self.jinja(source, subject)
        elif source.templating == "repl" or field.text.strip() in {"yes", "no", "on", "off"}:
            body = self.template(source, subject)
            if body is not None:
                self.found += Condition(source, subject, self.around).differences(body)

    def parsed(self, source: TemplateSource) -> list[nodes.Node] | None:
        """The statements of a template, none in plain text; None for what `lint` finds wrong."""
        try:
            return self.templating.engine.parse(source).body or []
        except ShipperError:
            return None
