"""From values to manifests: the assets spec of a chart's twin, rendered as any other."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shipper.errors import SpecError, TemplateError, ToldError
from shipper.render import RenderOptions, render
from shipper.render.config import Given
from shipper.render.kubernetes_stream import EMPTY, collect
from shipper.render.secrets import masked
from shipper.spec import read_spec
from shipper.template.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Collection

    from shipper.license.verify import VerifiedLicense
    from shipper.render.kubernetes_stream import Manifests
    from shipper.render.run import RenderedFile
    from shipper.setup.charts import Name

OPTION = "values"
_HERE = Path(__file__).parent
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECRET = frozenset({"key", "password", "data", "extraEnv", "extraObjects"})
"""Names of values that are secrets, or may hold some. A reference (`secretKeyRef`) only says where one is."""
_SHORTEST_SECRET = 8
"""Shorter ones are words like `secret`, and stand in what a refusal says."""


def manifests(name: Name, values: dict[str, Any], license: VerifiedLicense | None) -> Manifests:
    """The objects for `values`, in the order to apply them. The same values give the same bytes.

    Raises SpecError with the sentence in which the spec refuses the values, TemplateError, LimitError.
    """
    folder = _HERE / name
    options = RenderOptions(
        now=_EPOCH,
        given={OPTION: Given(json.dumps(values, ensure_ascii=False))},
        templates=str(folder / "templates"),
        folder=str(folder),
        fixed_now=True,
        shared=Shared(),
    )
    rendering = render(read_spec(str(folder / "assets.yaml")), license, options)
    try:
        found = collect(map(_begun, rendering.files), "apply", rendering.secrets)
    except ToldError as refusal:
        raise SpecError(masked(refusal.told, secrets_in(values))) from None
    for dest, reason in found.left_out:
        if reason != EMPTY:
            found.spool.close()
            raise TemplateError(f"{dest} would get lost: {reason}")
    return found


def _begun(file: RenderedFile) -> RenderedFile:
    """`file` without the empty lines that statements leave before its first object."""
    return file._replace(content=file.content.lstrip("\n") if isinstance(file.content, str) else file.content)


def secrets_in(values: Any) -> Collection[str]:
    """The texts in `values` that no message may show, by the names that they have."""
    found: set[str] = set()
    pending: list[tuple[Any, bool]] = [(values, False)]
    while pending:
        each, secret = pending.pop()
        if isinstance(each, dict):
            pending += [(value, secret or key in _SECRET) for key, value in each.items() if not key.endswith("Ref")]
        elif isinstance(each, list):
            pending += [(value, secret) for value in each]
        elif secret and isinstance(each, str) and len(each) >= _SHORTEST_SECRET:
            found.add(each)
    return found
