"""Where a tree came from: the spec, the license and the values that made it, as the manifest records them.

Nothing here depends on the machine or the clock: the same inputs give the same record. No secret is in it, and no
digest of one, which could be guessed.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from shipper import __version__
from shipper.context.values import scalar_text
from shipper.license.times import format_time
from shipper.render.config import is_computed
from shipper.render.secrets import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shipper.license.unsigned import AnyLicense
    from shipper.render.run import Rendering
    from shipper.render.secrets import Secrets
    from shipper.spec.model import ConfigItem

LONGEST_VALUE = 256
"""Longer texts are recorded by length and digest, so that a manifest stays small."""


def provenance(rendering: Rendering) -> dict[str, object]:
    """The record of a rendering whose files have all been made: only then every secret is known."""
    spec, license, options = rendering.spec, rendering.license, rendering.options
    secrets = rendering.secrets
    found: dict[str, object] = {
        "shipper": __version__,
        "spec": {"file": os.path.basename(spec.file), "sha256": spec.digest},
        "license": None if license is None else license_record(license),
        "values": values(rendering, (item for group in spec.groups for item in group.items)),
    }
    if options.installation_id:
        found["installation_id"] = secrets.masked(options.installation_id)
    release = {**(license.release if license else {}), **options.release}
    if release:
        found["release"] = {name: written(scalar_text(value), secrets) for name, value in sorted(release.items())}
    if options.missing != "error":
        found["missing"] = options.missing
    if options.overlay is not None:
        overlay = options.overlay
        asked = {"namespace": overlay.namespace, "labels": dict(sorted(overlay.labels.items()))}
        found["overlay"] = {**{name: value for name, value in asked.items() if value}, "annotate": overlay.annotate}
    if options.fixed_now:
        found["now"] = format_time(options.now)
    return found


def license_record(license: AnyLicense) -> dict[str, object]:
    """Which license, for whom, and whose signature counted; of an unsigned one what it says."""
    document = license.license
    if not license.keyid:
        known = {"id": document.id, "product": document.product, "customer": document.customer.id}
        return {**{name: text for name, text in known.items() if text}, "unsigned": True}
    return {
        "id": document.id,
        "serial": document.serial,
        "product": document.product,
        "customer": document.customer.id,
        "keyid": license.keyid,
    }


def values(rendering: Rendering, items: Iterable[ConfigItem]) -> dict[str, dict[str, object]]:
    """Each option's value, in the order of names, and whether the customer gave it."""
    resolved = rendering.plan.config.options
    given = rendering.options.given
    found: dict[str, dict[str, object]] = {}
    for item in sorted(items, key=lambda item: item.name):
        option = resolved[item.name]
        value = {"value": MASK} if option.secret else written(option.text, rendering.secrets)
        found[item.name] = {**value, "given": item.name in given and not is_computed(item)}
    return found


def written(text: str, secrets: Secrets) -> dict[str, object]:
    """A value as it is recorded: `value`, or `sha256` and `length` (characters) of a long one."""
    if secrets and (text in secrets or secrets.masked(text) != text):
        return {"value": MASK}
    if len(text) > LONGEST_VALUE:
        return {"sha256": sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), "length": len(text)}
    return {"value": text}
