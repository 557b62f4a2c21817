"""One item of ``assets.v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import did_you_mean
from shipper.spec.fields import Fields, Report
from shipper.spec.model import (
    Asset,
    Escape,
    InlineAsset,
    LocalAsset,
    TemplateAsset,
    Text,
    UnsupportedAsset,
)
from shipper.yamlio import Mapping

if TYPE_CHECKING:
    from shipper.spec.model import Templating
    from shipper.yamlio import Node, Scalar

    _Shared = tuple[str, Scalar, Text, int | None, str, Text | None, Templating | None, Escape]

KINDS = {
    "inline": "A file whose contents stand here.",
    "template": "A file of the templates folder, rendered.",
    "local": "A file, a folder or all files that match a pattern, beside the spec; only *.j2 is rendered.",
}
OTHER_KINDS = (
    "docker",
    "dockerlayer",
    "helm",
    "web",
    "github",
    "terraform",
    "amazon_eks",
    "google_gke",
    "azure_aks",
)
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
}
MAX_MODE = 0o777


def read_asset(node: Node, escape: Escape, report: Report) -> Asset:
    """The asset in `node`; `escape` is what holds where it says nothing. Raises SpecError."""
    key, body = kind_of(node)
    kind = key.text
    if kind in OTHER_KINDS:
        fields = Fields(body, kind, report, SHARED, strict=False)
        dest = fields.text("dest") or Text(kind, key)
        return UnsupportedAsset(kind, key, dest, None, fields.words("description"), fields.condition(), None, escape)
    (own,) = OWN[kind]
    fields = Fields(body, kind, report, (*SHARED, own))
    if fields.get(own) is None:
        raise key.error(f'{kind}: "{own}" is missing')
    content = fields.need_text(own)
    if kind == "inline" and fields.get("dest") is None:
        raise key.error('inline: "dest" is missing')
    dest = fields.text("dest") or _default_dest(kind, content)
    for text, name in ((dest, "dest"), *([(content, own)] if own == "path" else [])):
        if not text.text:
            raise text.scalar.error(f'{kind}: "{name}" is empty')
    shared: _Shared = (
        kind,
        key,
        dest,
        _mode(fields.scalar("mode"), kind),
        fields.words("description"),
        fields.condition(),
        fields.templating(),
        fields.choice("escape", Escape, escape),
    )
    if kind == "inline":
        return InlineAsset(*shared, content)
    return TemplateAsset(*shared, content) if kind == "template" else LocalAsset(*shared, content)


def kind_of(node: Node) -> tuple[Scalar, Node]:
    """The one key that names the asset's kind, and what is below it."""
    if not isinstance(node, Mapping):
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


def _default_dest(kind: str, path: Text) -> Text:
    if kind == "template":
        return Text(path.text.removesuffix(".j2"), path.scalar)
    if kind == "local":
        from shipper.spec.globs import base_of, is_pattern

        if is_pattern(path.text):
            return Text(base_of(path.text), path.scalar)
    return path


def _mode(scalar: Scalar | None, kind: str) -> int | None:
    """Permission bits: three or four octal digits, whatever YAML's version makes of a leading zero.

    An absent mode, or 0 as in Ship, is None.
    """
    if scalar is None or scalar.text == "0":
        return None
    text = scalar.text
    digits = text.removeprefix("0o")
    if not (digits.isascii() and digits.isdigit() and len(digits) in (3, 4)) or set(digits) & {"8", "9"}:
        raise scalar.error(f'{kind}: "mode" is "{text[:20]}"', hint="octal digits such as 0644")
    mode = int(digits, 8)
    if mode > MAX_MODE:
        raise scalar.error(f'{kind}: "mode" is "{text}"', hint="at most 0777: no setuid, setgid or sticky bit")
    return mode
