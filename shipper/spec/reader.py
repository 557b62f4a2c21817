"""The assets spec: from YAML to `Spec`. Names, fields and defaults are those of Replicated Ship."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from shipper.errors import ShipperError, SpecError, did_you_mean
from shipper.spec.assets import read_asset
from shipper.spec.config import read_groups
from shipper.spec.dialect import detect, is_static
from shipper.spec.fields import Fields, Report, items_of, scalar_of
from shipper.spec.model import (
    Asset,
    Escape,
    Level,
    LicensePin,
    MessageStep,
    Note,
    RenderStep,
    Spec,
    Templating,
    Text,
)
from shipper.spec.ship import OTHER_STEPS, STEP_SHARED
from shipper.spec.templated import conditions, step_with_files_of_ship, templated, with_files_of_ship
from shipper.yamlio import Limits, Mapping, Node, parse, read_file

if TYPE_CHECKING:
    import os

    from shipper.spec.model import Step

SECTIONS = {
    "assets": "The files to render.",
    "config": "What the customer may choose, in groups.",
    "lifecycle": "Steps: messages, and which assets are rendered where (default: all assets).",
    "license": "The product, and the vendor's public keys.",
}
OPTIONS = {
    "templating": "The template language of all templated fields (default: found out).",
    "escape": "How values are written into files (default: yaml, so that they never change its structure).",
}
OTHER_SECTIONS = ("analyze", "collect")
STEPS = {
    "message": "Something to tell the customer, on standard error once all is rendered.",
    "render": "Render assets.",
}
MESSAGE_KEYS = {
    "contents": "The text, a template.",
    "level": "How loud it is (default: info).",
    "description": "For readers of the spec.",
}
RENDER_KEYS = {
    "root": "The folder that is put before each dest; a template.",
    "assets": "The assets of this step (default: the spec's).",
    "assets.v1": "The assets of this step (default: the spec's).",
    "description": "For readers of the spec.",
}
PIN_KEYS = {
    "product": "What the license must be for.",
    "trust": "Public keys in PEM text; a license signed by one of them is accepted.",
}
PEM = "-----BEGIN PUBLIC KEY-----"
STEP_IGNORED = tuple(name for name in STEP_SHARED if name != "description")


def read_spec(path: str | os.PathLike[str], *, collect: list[ShipperError] | None = None) -> Spec:
    """Read the assets spec in a file, or on standard input for ``-``.

    Raises UsageError if there is no such file, LimitError if it is too large, SpecError, with a position, for
    the first thing that is wrong in it. With `collect`, errors in one asset, option or step are added to that
    list instead and the spec is returned without these; only what leaves nothing to read is raised.
    """
    data = read_file(path, max_bytes=Limits.SPEC.max_bytes)
    name = str(path)
    return parse_spec(data, "standard input" if name == "-" else name, collect=collect)


def parse_spec(data: bytes | str, file: str, *, collect: list[ShipperError] | None = None) -> Spec:
    """The same as `read_spec` for a spec at hand; `file` is its name in messages."""
    root = parse(data, file, error=SpecError, limits=Limits.SPEC)
    report = Report(collect)
    sections = _sections(root, report)
    top = Fields(root, "the spec", report, (), strict=False)
    default: Escape = "yaml"
    escape: Escape = report.attempt(lambda: top.choice("escape", Escape, default)) or default
    declared: Templating | None = report.attempt(top.templating)

    assets = _assets(sections["assets"], escape, report)
    groups = read_groups(sections["config"], report)
    steps = _steps(sections["lifecycle"], escape, report)
    pin = _pin(sections["license"], report)
    texts = list(templated(assets, groups, steps))
    # With actions of both there are some of repl
    templating = declared or report.attempt(lambda: detect(texts)) or "repl"
    if declared is None and is_static(texts, conditions(assets, groups, steps)):
        assets, steps = with_files_of_ship(assets), tuple(map(step_with_files_of_ship, steps))
    digest = sha256(data.encode() if isinstance(data, str) else data).hexdigest()
    return Spec(file, assets, groups, steps, pin, templating, escape, _sorted(report.notes), digest)


def _sections(root: Node, report: Report) -> dict[str, Node | None]:
    """The nodes below ``assets.v1`` and so on, written as one key or as ``v1`` below ``assets``, as in Ship."""
    if not isinstance(root, Mapping):
        raise root.error("an assets spec is a map", hint="with the key assets.v1")
    found: dict[str, Node | None] = dict.fromkeys(SECTIONS)
    known = [*(f"{section}.v1" for section in SECTIONS), *OPTIONS]

    def read(name: str, node: Node) -> None:
        if name in OPTIONS:
            return
        section, _, version = name.partition(".")
        if name in OTHER_SECTIONS or (section in OTHER_SECTIONS and version):
            report.notes.append(Note(root.key(name).position, f'the spec: "{name}" has no effect'))
            return
        if section not in SECTIONS or version not in ("", "v1"):
            raise root.key(name).error(f'the spec: unknown key "{name}"', hint=did_you_mean(name, known))
        below = node if version else Fields(node, f'"{name}"', report, ("v1",)).nodes.get("v1")
        if below is None:
            return
        if found[section] is not None:
            raise root.key(name).error(f'the spec has "{section}.v1" twice')
        found[section] = below

    for name, node in root.nodes.items():
        report.attempt(partial(read, name, node))
    if not root.nodes:
        raise root.error("the spec is empty", hint="an assets spec has the key assets.v1")
    return found


def _assets(node: Node | None, escape: Escape, report: Report) -> tuple[Asset, ...]:
    if node is None:
        return ()
    items = report.attempt(lambda: items_of(node, "assets.v1"))
    return report.each(items or [], lambda item: read_asset(item, escape, report))


def _steps(node: Node | None, escape: Escape, report: Report) -> tuple[Step, ...]:
    if node is None:
        return ()
    items = report.attempt(lambda: items_of(node, "lifecycle.v1"))
    return report.each(items or [], lambda item: _step(item, escape, report))


def _step(node: Node, escape: Escape, report: Report) -> Step | None:
    """One step; None for a step of Ship that has no effect here."""
    if not isinstance(node, Mapping):
        raise node.error(f"a lifecycle step must be a map, not a {node.kind}")
    for name in node.nodes:
        if name not in STEPS and name not in OTHER_STEPS:
            raise node.key(name).error(
                f'unknown lifecycle step "{name}"',
                hint=did_you_mean(name, (*STEPS, *OTHER_STEPS)) or "message or render",
            )
    if len(node.nodes) != 1:
        raise node.error("a lifecycle step has exactly one of: message, render")
    [(key, body)] = node.entries
    if key.text in OTHER_STEPS:
        Fields(body, key.text, report, (*STEP_SHARED, *OTHER_STEPS[key.text]))
        report.notes.append(Note(key.position, f'lifecycle step "{key.text}" has no effect'))
        return None
    if key.text == "message":
        fields = Fields(body, "message", report, MESSAGE_KEYS, STEP_IGNORED)
        if fields.get("contents") is None:
            raise key.error('message: "contents" is missing')
        fields.words("description")  # not kept, but a text
        return MessageStep(key, fields.need_text("contents"), fields.choice("level", Level, "info"))
    fields = Fields(body, "render", report, RENDER_KEYS, STEP_IGNORED)
    fields.words("description")
    return RenderStep(key, fields.text("root"), _step_assets(fields, escape, report))


def _step_assets(fields: Fields, escape: Escape, report: Report) -> tuple[Asset, ...] | None:
    nested = fields.get("assets")
    node = Fields(nested, '"assets"', report, ("v1",)).get("v1") if nested is not None else None
    node = fields.get("assets.v1") or node
    return None if node is None else _assets(node, escape, report)


def _pin(node: Node | None, report: Report) -> LicensePin | None:
    if node is None:
        return None

    def read() -> LicensePin:
        fields = Fields(node, "license.v1", report, PIN_KEYS)
        product = fields.need_text("product")
        if not product.text:
            raise product.scalar.error('license.v1: "product" is empty')
        trust = []
        for item in fields.items("trust"):
            scalar = scalar_of(item, 'license.v1: a key in "trust"')
            if not scalar.text.startswith(PEM):
                raise scalar.error(
                    'license.v1: "trust" takes public keys as PEM',
                    hint=f'a text that begins "{PEM}"',
                )
            trust.append(Text(scalar.text, scalar))
        return LicensePin(product.scalar, product.text, tuple(trust))

    return report.attempt(read)


def _sorted(notes: list[Note]) -> tuple[Note, ...]:
    return tuple(sorted(notes, key=lambda note: (note.position.line, note.position.column)))
