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
    """`now` (UTC) is what `Now` gives; `given` are values of options by name.

    `templates` names the templates folder and `folder` the one in which `local` assets are looked for; None for none.
    """

    now: datetime
    given: Mapping[str, Given] = field(default_factory=dict)
    templates: str | None = None
    folder: str | None = None
    missing: Literal["error", "empty"] = "error"
    release: Mapping[str, str] = field(default_factory=dict)
    installation_id: str = ""
