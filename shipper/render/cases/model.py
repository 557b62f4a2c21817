"""A case as data: everything that its file names has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shipper.errors import Position
    from shipper.license.keys import PublicKey
    from shipper.render.config import Given
    from shipper.render.state import StateFile
    from shipper.spec.model import Text


class GivenLicense(NamedTuple):
    """The bytes of a license file, what messages call it, and whose signature counts; None is the spec's own keys.

    An `unsigned` one is a file of Replicated Ship.
    """

    data: bytes
    name: str
    trust: tuple[PublicKey, ...] | None
    unsigned: bool = False


class Files(NamedTuple):
    """All dests."""

    dests: tuple[Text, ...]
    position: Position


class Part(NamedTuple):
    """A document, as far as the case says what is in it."""

    data: dict[str, object]
    position: Position


class ExpectedError(NamedTuple):
    """That rendering fails: with the exit code, if there is one, and `message` somewhere in what is said."""

    message: Text | None
    exit_code: int | None
    position: Position


class Expected(NamedTuple):
    """What has to come out; what is empty or None is not looked at.

    `files` are all files, `rendered` some of them, `skipped` the dests of assets that aren't rendered. `contains`
    and `lacks` have a dest and the texts that are, or aren't, in that file.
    """

    files: Files | None = None
    rendered: tuple[Text, ...] = ()
    skipped: tuple[Text, ...] = ()
    contains: tuple[tuple[Text, tuple[Text, ...]], ...] = ()
    lacks: tuple[tuple[Text, tuple[Text, ...]], ...] = ()
    documents: tuple[Part, ...] = ()
    golden: Text | None = None
    error: ExpectedError | None = None


class Case(NamedTuple):
    """One rendering and what is expected of it. `folder` is the one of the case's file, `at` None for now."""

    name: str
    position: Position
    folder: str
    license: GivenLicense | None
    values: Mapping[str, Given]
    release: Mapping[str, str | int]
    installation_id: str
    state: StateFile
    at: datetime | None
    missing: Literal["error", "empty"]
    expected: Expected


class Failure(NamedTuple):
    """Something that isn't as expected; `position` is where the case says it. `detail` has more lines, as a diff has."""

    position: Position
    text: str
    detail: str = ""


class Updated(NamedTuple):
    """The paths of golden files that were written, and of those that were removed."""

    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What became of a case, and of its golden files where they are updated."""

    case: Case
    failures: tuple[Failure, ...]
    updated: Updated = Updated()
