"""From a spec, a license and options to rendered files: a plan of assets, then its run."""

from __future__ import annotations

from shipper.render.run import RenderedFile, Rendering, render
from shipper.render.settings import RenderOptions

__all__ = ["RenderOptions", "RenderedFile", "Rendering", "render"]
