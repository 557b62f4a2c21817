"""The assets spec: read, typed, with positions; nothing is evaluated here."""

from __future__ import annotations

from shipper.spec.model import (
    Asset,
    ConfigGroup,
    ConfigItem,
    Escape,
    GithubAsset,
    InlineAsset,
    Level,
    LicensePin,
    LocalAsset,
    MessageStep,
    Note,
    RenderStep,
    Spec,
    Step,
    TemplateAsset,
    Templating,
    TerraformAsset,
    Text,
    UnsupportedAsset,
)
from shipper.spec.reader import parse_spec, read_spec

__all__ = [
    "Asset",
    "ConfigGroup",
    "ConfigItem",
    "Escape",
    "GithubAsset",
    "InlineAsset",
    "Level",
    "LicensePin",
    "LocalAsset",
    "MessageStep",
    "Note",
    "RenderStep",
    "Spec",
    "Step",
    "TemplateAsset",
    "Templating",
    "TerraformAsset",
    "Text",
    "UnsupportedAsset",
    "parse_spec",
    "read_spec",
]
