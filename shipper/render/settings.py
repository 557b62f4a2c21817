"""What a rendering is told besides the spec and the license."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shipper.assets.base import Contents
    from shipper.license.keys import PublicKey
    from shipper.render.config import Given
    from shipper.render.overlay import Overlay
    from shipper.render.state import StateFile
    from shipper.render.validate import Validator
    from shipper.template.shared import Shared


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Trust(NamedTuple):
    """Whose signature counts, for which product (None for any), and the time at which a license is judged."""

    keys: Sequence[PublicKey]
    product: str | None
    at: datetime


class RenderOptions(NamedTuple):
    """`now` (UTC) is what `Now` gives; `given` are values of options by name.

    `templates` names the templates folder and `folder` the one in which `local` assets are looked for; None for none.
    `fixed_now` says that `now` was asked for, and is not what the clock says.
    `overlay` is set on every Kubernetes object once it is rendered.
    `shared` is what runs of the same spec have in common, which makes them faster.
    `validate` checks what is rendered by the schemas of Kubernetes.
    `state` keeps what is made at random; without it there is nothing random.
    `output` is the folder that the files are written to while they are made: no `local` asset may hold it.
    `contents` are folders with files of repositories, for `github` assets.
    """

    now: datetime
    given: Mapping[str, Given] = _NOTHING
    templates: str | None = None
    folder: str | None = None
    missing: Literal["error", "empty"] = "error"
    release: Mapping[str, str | int] = _NOTHING
    installation_id: str = ""
    output: str | None = None
    fixed_now: bool = False
    overlay: Overlay | None = None
    shared: Shared | None = None
    validate: Validator | None = None
    contents: Sequence[Contents] = ()
    state: StateFile | None = None
