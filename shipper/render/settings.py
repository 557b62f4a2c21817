"""What a rendering is told besides the spec and the license."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from shipper.render.config import Given


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """`now` (UTC) is what `Now` gives; `templates` names the templates folder, None for none.

    `folder` is where the spec's `local` assets are looked for, None if the spec came from no file. `escape` other
    than None overrules what each asset's name and the spec say.
    """

    now: datetime
    given: Mapping[str, Given] = field(default_factory=dict)
    templates: str | None = None
    folder: str | None = None
    missing: Literal["error", "empty"] = "error"
    escape: Literal["yaml", "none"] | None = None
    release: Mapping[str, str] = field(default_factory=dict)
    installation_id: str = ""
