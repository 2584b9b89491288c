"""The known layouts, one file per family. A new file with `LAYOUTS` is imported automatically."""

from __future__ import annotations

from functools import cache

from designspace.layers.discover import import_all
from designspace.weights.layout import Layout


@cache
def known() -> tuple[Layout, ...]:
    """Return all layouts; if several fit, the first counts."""
    return tuple(layout for module in import_all(__name__) for layout in module.LAYOUTS)
