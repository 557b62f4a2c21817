"""The functions that templates may call, by theme; importing this registers them all."""

from __future__ import annotations

from shipper.context.functions import configuration, data, facts, layout, math, text
from shipper.context.registry import REGISTRY

__all__ = ["FUNCTIONS", "configuration", "data", "facts", "layout", "math", "text"]

FUNCTIONS = REGISTRY
