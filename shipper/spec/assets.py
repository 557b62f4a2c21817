"""One item of ``assets.v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import did_you_mean
from shipper.spec.fields import Fields, Report
from shipper.spec.model import (
    Asset,
    Escape,
    GithubAsset,
    InlineAsset,
    LocalAsset,
    TemplateAsset,
    TerraformAsset,
    Text,
    UnsupportedAsset,
)
from shipper.spec.ship import OTHER_KINDS
from shipper.yamlio import Mapping as MapNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.spec.model import Templating
    from shipper.yamlio import Node, Scalar

    _Shared = tuple[str, Scalar, Text, int | None, str, Text | None, Templating | None, Escape]

KINDS = {
    "inline": "A file whose contents stand here.",
    "template": "A file of the templates folder, rendered.",
    "local": "A file, a folder or all files that match a pattern, beside the spec; only *.j2 is rendered.",
    "github": "Files of a repository, rendered, out of the folder that --github-contents names for it.",
    "terraform": "A Terraform file whose text stands here.",
}
SHARED = {
    "dest": "Where the file goes: a relative path, which may be a template.",
    "mode": "Permissions in a folder, as octal digits (default 0644).",
    "description": "For readers of the spec.",
    "when": "Whether it is rendered: a bare expression, or a template that gives true or false (default: always).",
    "templating": "The language of the templated fields (default: the spec's).",
    "escape": "How values are written into the file (default: the spec's).",
}
OWN = {
    "inline": {"contents": "The contents, a template."},
    "template": {"path": "The file's path in the templates folder."},
    "local": {"path": "A path beside the spec; * and ? stand for characters, ** for folders."},
    "github": {
        "repo": "The repository, as owner/name; a template.",
        "path": "The file or folder in it; a template.",
        "ref": "The branch, tag or commit (default: master); a template.",
        "strip_path": "Whether dest gets what is in the folder, without the folder's own path; a condition.",
    },
    "terraform": {"inline": "The text, a template."},
}
OWN_IGNORED = {"github": ("source", "proxy"), "terraform": ("github",)}
NEEDED: dict[str, tuple[str, ...]] = {
    "inline": ("contents", "dest"),
    "template": ("path",),
    "local": ("path",),
    "github": ("repo", "path"),
    "terraform": (),
}
"""What must be there."""
FILLED: dict[str, tuple[str, ...]] = {
    "inline": ("dest",),
    "template": ("dest", "path"),
    "local": ("dest", "path"),
    "github": ("repo",),
    "terraform": (),
}
"""What must not be empty if it is there."""
DEFAULT_REF = "master"
TERRAFORM_DEST = "main.tf"


def read_asset(node: Node, escape: Escape, report: Report) -> Asset:
    """The asset in `node`; `escape` is what holds where it says nothing. Raises SpecError."""
    key, body = kind_of(node)
    kind = key.text
    if kind in OTHER_KINDS:
        return _unsupported(key, Fields(body, kind, report, (*SHARED, *OTHER_KINDS[kind])), escape)
    fields = Fields(body, kind, report, (*SHARED, *OWN[kind]), OWN_IGNORED.get(kind, ()))
    for name in NEEDED[kind]:
        if fields.get(name) is None:
            raise key.error(f'{kind}: "{name}" is missing')
    own = {name: fields.text(name) for name in OWN[kind]}
    dest = fields.text("dest") or _default_dest(key, own)
    for name in FILLED[kind]:
        text = dest if name == "dest" else own[name]
        if text is not None and not text.text:
            raise text.scalar.error(f'{kind}: "{name}" is empty')
    shared: _Shared = (
        kind,
        key,
        dest,
        _mode(fields, report),
        fields.words("description"),
        fields.condition(),
        fields.templating(),
        fields.choice("escape", Escape, escape),
    )
    return _made(shared, own)


def _made(shared: _Shared, own: Mapping[str, Text | None]) -> Asset:
    """The asset with these fields. What is needed is there."""
    kind, key = shared[:2]
    if kind == "terraform":
        return TerraformAsset(*shared, own["inline"])
    needed = {name: text for name, text in own.items() if text is not None}
    if kind == "inline":
        return InlineAsset(*shared, needed["contents"])
    path = needed["path"]
    if kind == "github":
        ref, strip = needed.get("ref", Text("", key)), own["strip_path"]
        ref = ref if ref.text else Text(DEFAULT_REF, ref.scalar)
        return GithubAsset(*shared, needed["repo"], path, ref, strip if strip and strip.text else None)
    return TemplateAsset(*shared, path) if kind == "template" else LocalAsset(*shared, path)


def _unsupported(key: Scalar, fields: Fields, escape: Escape) -> UnsupportedAsset:
    """An asset of a kind that is not rendered; its own fields may hold anything."""
    return UnsupportedAsset(
        key.text,
        key,
        fields.text("dest") or Text(key.text, key),
        None,
        fields.words("description"),
        fields.condition(),
        fields.templating(),
        fields.choice("escape", Escape, escape),
    )


def kind_of(node: Node) -> tuple[Scalar, Node]:
    """The one key that names the asset's kind, and what is below it."""
    if not isinstance(node, MapNode):
        raise node.error(f"an asset must be a map, not a {node.kind}")
    named = [name for name in node.nodes if name in KINDS or name in OTHER_KINDS]
    if len(named) > 1:
        raise node.key(named[1]).error(f'an asset has one kind, this has "{named[0]}" and "{named[1]}"')
    for name in node.nodes:
        if name in named:
            continue
        if named:
            hint = f'it belongs below "{named[0]}"' if name in SHARED else ""
            raise node.key(name).error(f'unknown key "{name}" beside "{named[0]}"', hint=hint)
        hint = did_you_mean(name, (*KINDS, *OTHER_KINDS)) or f"one of {', '.join(KINDS)}"
        raise node.key(name).error(f'unknown kind of asset "{name}"', hint=hint)
    if not named:
        raise node.error("an asset without a kind", hint=f"one of {', '.join(KINDS)}")
    key = node.key(named[0])
    return key, node.nodes[named[0]]


def _mode(fields: Fields, report: Report) -> int | None:
    scalar = fields.scalar("mode")
    if scalar is None:
        return None
    from shipper.spec.modes import read_mode

    return read_mode(scalar, fields.what, report)


def _default_dest(key: Scalar, own: Mapping[str, Text | None]) -> Text:
    path = own.get("path")
    if key.text == "github":
        return Text(".", key)
    if path is None:
        return Text(TERRAFORM_DEST, key)
    if key.text == "template":
        return Text(path.text.removesuffix(".j2"), path.scalar)
    from shipper.spec.globs import base_of, is_pattern

    return Text(base_of(path.text), path.scalar) if is_pattern(path.text) else path
