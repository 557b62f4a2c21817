"""What every kind of asset works with and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.license.shipvalues import RepositoryFiles
    from shipper.spec.model import Asset, Text
    from shipper.template.loader import TemplatesFolder
    from shipper.template.source import TemplateSource

FILE_MODE = 0o644
PROGRAM_MODE = 0o755
JINJA_SUFFIX = ".j2"

Dialect = Literal["jinja", "repl"]
Escaping = Literal["yaml", "json", "none"]


class File(NamedTuple):
    """A file of the output: `dest` is as the asset says it, unchecked; `mode` has permission bits.

    `copied` is the path of the file that it is a copy of; empty for one that was rendered.
    """

    dest: str
    content: str | bytes
    mode: int
    copied: str = ""


class Contents(NamedTuple):
    """The folder with the files of a repository: what `github` assets take from there.

    `repo`, `path` (without slashes around it) and `ref` are those of the asset; `folder` holds the whole repository.
    """

    repo: str
    path: str
    ref: str
    folder: str


class Workbench(Protocol):
    """What a kind of asset may use: the templates, and the folders that it may read."""

    @property
    def loader(self) -> TemplatesFolder | None:
        """The templates folder, if there is one."""
        ...

    @property
    def folder(self) -> str | None:
        """The folder of the spec; None if it came from no file."""
        ...

    @property
    def contents(self) -> Sequence[Contents]:
        """The folders with files of repositories."""
        ...

    @property
    def repositories(self) -> Sequence[RepositoryFiles]:
        """Files of repositories that came with the release."""
        ...

    @property
    def output(self) -> str | None:
        """The output folder, which must not be read; None for none."""
        ...

    @property
    def dialect(self) -> Dialect:
        """The template language of the spec; an asset may have its own."""
        ...

    def text(self, field: Text, dialect: Dialect | None = None) -> str:
        """What a field of the spec renders to, unescaped."""
        ...

    def condition(self, field: Text, *, dialect: Dialect | None = None) -> bool:
        """What a field of the spec decides. Raises TemplateError where it is neither true nor false."""
        ...

    def render(self, source: TemplateSource, escape: Escaping) -> str:
        """What a template renders to."""
        ...

    def source(self, field: Text, dialect: Dialect | None = None) -> TemplateSource:
        """The template in a field of the spec."""
        ...


def escaping(asset: Asset, dest: str) -> Escaping:
    """How values are written into the file `dest`: by its name in any case, unless the spec says `none`."""
    if asset.escape == "none":
        return "none"
    name = dest.lower()
    if name.endswith((".yaml", ".yml")):
        return "yaml"
    return "json" if name.endswith(".json") else "none"


def mode_of(asset: Asset, default: int = FILE_MODE) -> int:
    """The permission bits of a file of `asset`; Ship reads 0 as nothing said."""
    return asset.mode or default
