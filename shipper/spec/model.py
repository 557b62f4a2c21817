"""The assets spec as data: what the author wrote, typed and placed, nothing evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from shipper.errors import Position
    from shipper.yamlio import Node, Scalar, TextOrigin

Templating = Literal["jinja", "repl"]
Escape = Literal["yaml", "none"]
Level = Literal["debug", "info", "warn", "error"]
ItemType = Literal[
    "text",
    "textarea",
    "password",
    "bool",
    "select",
    "select_one",
    "select_many",
    "label",
    "heading",
    "file",
    "integer",
    "number",
]


class Text(NamedTuple):
    """A text field, which may be a template. `scalar` is where it comes from; a default may differ from it."""

    text: str
    scalar: Scalar

    def __str__(self) -> str:
        return self.text

    @property
    def origin(self) -> TextOrigin:
        """Where each character stands."""
        origin = self.scalar.origin
        return origin if self.text == self.scalar.text else origin._replace(style="opaque")

    @property
    def position(self) -> Position:
        """Where the field's value begins."""
        return self.scalar.position


class Note(NamedTuple):
    """Something in the spec that has no effect, worth saying."""

    position: Position
    text: str

    def __str__(self) -> str:
        return f"{self.position}: {self.text}"


# Assets of every kind begin with the same fields. `key` is the scalar that names the kind. `mode` has
# permission bits, None if the spec says nothing; `when` is None where the asset is always included;
# `templating` is None where the spec's own holds.


class InlineAsset(NamedTuple):
    """`contents`, rendered."""

    kind: str
    key: Scalar
    dest: Text
    mode: int | None
    description: str
    when: Text | None
    templating: Templating | None
    escape: Escape
    contents: Text

    @property
    def position(self) -> Position:
        """Where the asset's kind stands."""
        return self.key.position


class TemplateAsset(NamedTuple):
    """The file `path` of the templates folder, rendered; `dest` is by default `path` without ``.j2``."""

    kind: str
    key: Scalar
    dest: Text
    mode: int | None
    description: str
    when: Text | None
    templating: Templating | None
    escape: Escape
    path: Text

    @property
    def position(self) -> Position:
        """Where the asset's kind stands."""
        return self.key.position


class LocalAsset(NamedTuple):
    """The file or tree `path` beside the spec; `dest` is by default `path`."""

    kind: str
    key: Scalar
    dest: Text
    mode: int | None
    description: str
    when: Text | None
    templating: Templating | None
    escape: Escape
    path: Text

    @property
    def position(self) -> Position:
        """Where the asset's kind stands."""
        return self.key.position


class GithubAsset(NamedTuple):
    """The file or tree `path` of the repository `repo` at `ref`, rendered; `dest` is a folder.

    Below it goes the path in the repository; what is in the folder `path` only, if `strip_path` holds.
    """

    kind: str
    key: Scalar
    dest: Text
    mode: int | None
    description: str
    when: Text | None
    templating: Templating | None
    escape: Escape
    repo: Text
    path: Text
    ref: Text
    strip_path: Text | None

    @property
    def position(self) -> Position:
        """Where the asset's kind stands."""
        return self.key.position


class TerraformAsset(NamedTuple):
    """`inline`, rendered, which goes to `dest` if that ends in `.tf`. None where Ship took it from elsewhere."""

    kind: str
    key: Scalar
    dest: Text
    mode: int | None
    description: str
    when: Text | None
    templating: Templating | None
    escape: Escape
    inline: Text | None

    @property
    def position(self) -> Position:
        """Where the asset's kind stands."""
        return self.key.position


class UnsupportedAsset(NamedTuple):
    """A kind of Replicated Ship that is not rendered: an error only if its `when` includes it.

    Where it has no `dest`, its kind stands in that place.
    """

    kind: str
    key: Scalar
    dest: Text
    mode: int | None
    description: str
    when: Text | None
    templating: Templating | None
    escape: Escape

    @property
    def position(self) -> Position:
        """Where the asset's kind stands."""
        return self.key.position


Asset = InlineAsset | TemplateAsset | LocalAsset | GithubAsset | TerraformAsset | UnsupportedAsset


class ConfigItem(NamedTuple):
    """One option. Texts that the spec does not give are None; `choices` are the names that a select offers."""

    name: str
    type: ItemType
    key: Scalar
    title: str
    help_text: str
    default: Text | None
    value: Text | None
    required: bool
    readonly: bool
    hidden: bool
    when: Text | None
    pattern: Text | None
    choices: tuple[str, ...]

    @property
    def position(self) -> Position:
        """Where the option's name stands."""
        return self.key.position


class ConfigGroup(NamedTuple):
    """Options that are shown, or not, together. `name` is the title where there is no name, `key` the group then."""

    name: str
    title: str
    description: str
    key: Node
    when: Text | None
    items: tuple[ConfigItem, ...]

    @property
    def position(self) -> Position:
        """Where the group's name stands, or the group."""
        return self.key.position


class MessageStep(NamedTuple):
    """Something to tell the customer."""

    key: Scalar
    contents: Text
    level: Level

    @property
    def position(self) -> Position:
        return self.key.position


class RenderStep(NamedTuple):
    """Render assets: its own, or the spec's where `assets` is None. `root` is None where the output's own holds."""

    key: Scalar
    root: Text | None
    assets: tuple[Asset, ...] | None

    @property
    def position(self) -> Position:
        return self.key.position


Step = MessageStep | RenderStep


class LicensePin(NamedTuple):
    """The product whose licenses fit this spec, and the vendor's public keys as PEM."""

    key: Scalar
    product: str
    trust: tuple[Text, ...]

    @property
    def position(self) -> Position:
        """Where the product's name stands."""
        return self.key.position


class Spec(NamedTuple):
    """One assets spec. `file` is its name in messages, `digest` the SHA-256 of its bytes in hex."""

    file: str
    assets: tuple[Asset, ...]
    groups: tuple[ConfigGroup, ...]
    steps: tuple[Step, ...]
    license: LicensePin | None
    templating: Templating
    escape: Escape
    notes: tuple[Note, ...]
    digest: str

    def templating_of(self, asset: Asset) -> Templating:
        """The dialect of the asset's templated fields (files named ``*.j2`` are Jinja in either)."""
        return asset.templating or self.templating
