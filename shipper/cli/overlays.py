"""The flags that set something on every Kubernetes object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.cli.options import OverlayOptions
    from shipper.render.overlay import Overlay


def overlay_of(options: OverlayOptions) -> Overlay | None:
    """What `options` ask for; None if that is nothing. Raises UsageError for what Kubernetes would refuse."""
    if not any(options):
        return None
    from shipper.kubernetes.names import why_no_namespace
    from shipper.render.overlay import Overlay

    if options.namespace:
        reason = why_no_namespace(options.namespace)
        if reason:
            raise UsageError(f"--namespace {shown(options.namespace)} can't be a namespace", hint=reason)
    return Overlay(options.namespace or "", given_labels(options.label), options.annotate)


def given_labels(settings: Sequence[str]) -> dict[str, str]:
    """The labels in `KEY=VALUE` texts; later ones win. Raises UsageError."""
    from shipper.kubernetes.names import why_no_label_key, why_no_label_value

    labels: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--label takes KEY=VALUE, not {shown(setting)}")
        reason = why_no_label_key(key)
        if reason:
            raise UsageError(f"--label {shown(setting)}: {shown(key)} can't be a label", hint=reason)
        reason = why_no_label_value(value)
        if reason:
            raise UsageError(f"--label {shown(setting)}: {shown(value)} can't be a label's value", hint=reason)
        labels[key] = value
    return labels
