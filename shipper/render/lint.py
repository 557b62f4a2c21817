"""Checking a spec without rendering it: everything that is wrong whatever the customer's values are."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

import shipper.template.filters
import shipper.template.tests  # noqa: F401 - both fill the tables
from shipper.assets import github, local, template, terraform
from shipper.context.catalog import JINJA, REPL_FUNCTIONS
from shipper.errors import Position, ShipperError, SpecError, TemplateError, UsageError
from shipper.render.about import About, asset_subject
from shipper.render.config import in_order
from shipper.render.fit import check_fit
from shipper.render.paths import Destinations, check_dest
from shipper.render.plan import make_plan
from shipper.render.run import other_place
from shipper.render.templating import Templating, leftover_error
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
from shipper.template.calls import FILTERS, TESTS
from shipper.template.invoke import BUILTINS
from shipper.template.names import REPL_NAMES, Known, find_mistakes, included_names, raw_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2 import nodes

    from shipper.license.unsigned import AnyLicense
    from shipper.render.settings import RenderOptions
    from shipper.render.templating import Dialect
    from shipper.spec.model import Asset, ConfigItem, Spec, Text
    from shipper.template.source import TemplateSource


REPL_LEFT = re.compile(r"\{\{repl|repl\{\{")


class Finding(NamedTuple):
    """Something to mend (`error`) or to know (`warning`); a `note` says where Replicated Ship differs."""

    level: Literal["error", "warning", "note"]
    error: ShipperError


def lint(
    spec: Spec, unread: Iterable[ShipperError], license: AnyLicense | None, options: RenderOptions
) -> list[Finding]:
    """All findings in the order of their places. `unread` are the errors of reading the spec.

    Entitlements are checked if a license is given, and what the spec renders to if the options say `validate`.
    Raises nothing that belongs to the spec.
    """
    linter = Linter(spec, license, options)
    linter.errors += unread
    linter.check()
    if options.validate is not None and not linter.errors:
        linter.rendered(license)
    findings = [Finding("error", error) for error in linter.errors]
    findings += [Finding("warning", warning) for warning in linter.warnings]
    findings += [Finding("warning", SpecError(note.text, position=note.position)) for note in spec.notes]
    unique = {str(finding.error): finding for finding in findings}
    return sorted(unique.values(), key=lambda finding: place(finding.error, spec.file))


def place(error: ShipperError, file: str) -> tuple[bool, str, int, int]:
    """Sorts by file, the spec's first, then line and column."""
    position = error.position or Position(file)
    return position.file != file, position.file, position.line, position.column


class Linter:
    """The spec, what is known of its surroundings, and what was found."""

    def __init__(self, spec: Spec, license: AnyLicense | None, options: RenderOptions) -> None:
        self.spec = spec
        self.options = options
        self.errors: list[ShipperError] = []
        self.warnings: list[ShipperError] = []
        self.templating = Templating(license, options, spec.templating)
        self.loader = self.templating.loader
        self.seen: set[str] = set()
        self.known = Known(
            functions=JINJA,
            builtins=BUILTINS.keys(),
            filters=FILTERS.keys(),
            tests=TESTS.keys(),
            data=self.templating.scope.data.keys(),
            options={item.name for group in spec.groups for item in group.items},
            entitlements=license.license.entitlements.keys() if license else None,
        )

    def check(self) -> None:
        """Look at everything."""
        self.config()
        assets = list(self.spec.assets)
        for step in self.spec.steps:
            if isinstance(step, MessageStep):
                self.field(step.contents, "message")
            elif isinstance(step, RenderStep):
                if step.root is not None:
                    self.field(step.root, "render step")
                assets += step.assets or ()
        for number, asset in enumerate(assets, start=1):
            self.asset(asset, asset_subject(asset.dest.text, number))
        self.destinations(self.spec.assets)
        self.folder()

    def rendered(self, license: AnyLicense | None) -> None:
        """Render the spec, and look at the result."""
        from shipper.render.run import Rendering
        from shipper.render.validate import InvalidError, unchecked

        rendering = None
        try:
            plan = make_plan(self.spec, license, self.options)
            with About("", plan.templating.secrets):
                rendering = Rendering(plan, self.spec, license, self.options)
                for _ in rendering.files:
                    pass
        except UsageError:
            raise
        except InvalidError:
            pass  # the findings say it
        except ShipperError as error:
            self.errors.append(error)
        if rendering is not None:
            self.errors += rendering.findings
            self.warnings += [SpecError(unchecked(rendering.unchecked))] if rendering.unchecked else []

    def attempt(self, subject: str, check: Callable[[], object]) -> None:
        """Run a check and keep its error."""
        try:
            with About(subject):
                check()
        except ShipperError as error:
            self.errors.append(error)

    def template(self, source: TemplateSource, subject: str, known: Known | None = None) -> None:
        """Parse a template and look at the names in it, and in what it includes."""
        try:
            with About(subject):
                body = self.templating.engine.parse(source).body
        except ShipperError as error:
            self.errors.append(error)
            return
        if body:
            known = known or self.known
            if source.templating == "repl":
                known = known._replace(functions=REPL_FUNCTIONS, builtins=REPL_NAMES, data=())
            self.mistakes(find_mistakes(source, body, known), subject)
            for name in included_names(body):
                self.from_folder(name, f"{subject}: template {name}", known._replace(whole=False))
        self.leftover(source, body or [], subject)

    def leftover(self, source: TemplateSource, body: list[nodes.Node], subject: str) -> None:
        """Tell what looks like an action of Ship and would be printed as it is."""
        if source.templating == "repl":
            for text, at in raw_texts(body):
                found = REPL_LEFT.search(text)
                if found:
                    self.errors.append(leftover_error(source.position(at + found.start()), subject))
            return
        found = REPL_LEFT.search(source.text)
        if found:
            what = "a {{repl …}} action in a Jinja template"
            self.warnings.append(TemplateError(what, position=source.position(found.start()), subject=subject))

    def mistakes(self, found: Iterable[ShipperError], subject: str) -> None:
        """Keep what was found in a template."""
        for error in found:
            error.subject = error.subject or subject
            self.errors.append(error)

    def field(self, field: Text | None, subject: str, dialect: Dialect | None = None) -> None:
        """A templated field of the spec; `dialect` is its template language if that isn't the spec's."""
        if field is not None:
            self.template(self.templating.source(field, dialect), subject)

    def condition(self, field: Text | None, subject: str, dialect: Dialect | None = None) -> None:
        """A `when`: a template, a bare expression or, in repl, its text."""
        if field is None:
            return
        source = self.templating.source(field, dialect)
        if source.templating == "repl" and not REPL_LEFT.search(field.text):
            self.attempt(subject, lambda: self.templating.condition(field, dialect=dialect))
            return
        if source.templating == "repl" or "{{" in field.text or "{%" in field.text:
            self.template(source, subject)
            return
        from shipper.template.jinja_parser import parse_expression

        try:
            with About(subject):
                expression = parse_expression(source)
        except ShipperError as error:
            self.errors.append(error)
            return
        self.mistakes(find_mistakes(source, [expression], self.known), subject)

    def config(self) -> None:
        """Options: their templates, their order, and what is literal in them."""
        items = {item.name: item for group in self.spec.groups for item in group.items}
        for group in self.spec.groups:
            self.condition(group.when, f"config group {group.name}")
        before = len(self.errors)
        for item in items.values():
            self.item(item)
        if len(self.errors) == before:
            self.attempt("config", lambda: in_order(items, self.templating))

    def item(self, item: ConfigItem) -> None:
        """One option."""
        subject = f"option {item.name}"
        self.condition(item.when, subject)
        for field in (item.value, item.default):
            if field is None:
                continue
            if "{" in field.text:
                self.field(field, subject)
            elif field.text:
                self.attempt(subject, partial(check_fit, item, field.text, field.position))

    def asset(self, asset: Asset, subject: str) -> None:
        """One asset: its condition, its dest, its templates."""
        dialect = asset.templating
        self.condition(asset.when, subject, dialect)
        self.field(asset.dest, subject, dialect)
        if isinstance(asset, InlineAsset):
            self.field(asset.contents, subject, dialect)
        elif isinstance(asset, TemplateAsset):
            self.seen.add(asset.path.text)
            self.attempt(subject, lambda: self.template(template.find(asset, self.templating), subject))
        elif isinstance(asset, LocalAsset):
            self.attempt(subject, lambda: self.local(asset, subject))
        elif isinstance(asset, GithubAsset):
            self.github(asset, subject)
        elif isinstance(asset, TerraformAsset):
            self.field(asset.inline, subject, dialect)
        elif isinstance(asset, UnsupportedAsset):
            self.warnings.append(
                SpecError(
                    f'assets of the kind "{asset.kind}" are not rendered', position=asset.position, subject=subject
                )
            )

    def local(self, asset: LocalAsset, subject: str) -> None:
        """The templates of a `local` asset, and the names of its files."""
        if "{" in asset.dest.text:
            for _, dest in local.places(asset, self.templating, "x"):
                check_dest(dest)
        for source in local.templates(asset, self.templating):
            self.template(source, subject)

    def github(self, asset: GithubAsset, subject: str) -> None:
        """The fields of a `github` asset and, if its files are given, the templates among them."""
        self.condition(asset.strip_path, subject, asset.templating)
        for field in (asset.repo, asset.path, asset.ref):
            self.field(field, subject, asset.templating)
        if not github.is_static(asset):
            return
        try:
            with About(subject):
                for source in github.templates(asset, self.templating):
                    self.template(source, subject)
        except github.NotGivenError as error:
            self.warnings.append(error)
        except ShipperError as error:
            self.errors.append(error)

    def destinations(self, assets: Iterable[Asset]) -> None:
        """Dests without templates: good ones, and no two of assets that are always rendered."""
        taken = Destinations()
        places: dict[str, Position] = {}
        for asset in assets:
            if "{" in asset.dest.text or isinstance(asset, UnsupportedAsset):
                continue
            subject = asset_subject(asset.dest.text)
            try:
                with About(subject):
                    for dest in map(check_dest, self.dests_of(asset)):
                        if asset.when is not None:
                            continue
                        try:
                            taken.add(dest)
                        except SpecError as error:
                            error.hint = other_place(dest, places)
                            raise
                        places[dest] = asset.dest.position
            except ShipperError as error:
                error.position = error.position or asset.dest.position
                self.errors.append(error)

    def dests_of(self, asset: Asset) -> list[str]:
        """Where the files of an asset go whose dest is no template, unchecked."""
        try:
            if isinstance(asset, TerraformAsset):
                return [terraform.place(asset.dest.text)]
            if isinstance(asset, GithubAsset):
                static = github.is_static(asset)
                return [dest for _, dest in github.places(asset, self.templating, asset.dest.text)] if static else []
            if not isinstance(asset, LocalAsset):
                return [asset.dest.text]
            return [dest for _, dest in local.places(asset, self.templating, asset.dest.text)]
        except ShipperError:
            return []  # said elsewhere

    def folder(self) -> None:
        """Every template of the templates folder that this spec doesn't use: it may belong to another spec."""
        known = self.known._replace(whole=False, options=None, entitlements=None)
        for name in self.loader.names() if self.loader else ():
            self.from_folder(name, f"template {name}", known)

    def from_folder(self, name: str, subject: str, known: Known) -> None:
        """A template of the folder, once."""
        if self.loader is None or name in self.seen:
            return
        self.seen.add(name)
        try:
            with About(subject):
                source = self.loader.get(name)
        except FileNotFoundError:
            return
        except ShipperError as error:
            error.position = error.position or Position(self.loader.shown(name))
            self.errors.append(error)
            return
        self.template(source, subject, known)
