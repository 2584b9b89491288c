"""The layouts that are known, a file a family. A new file with `LAYOUTS` is found by itself."""

from __future__ import annotations

from functools import cache

from designspace.layers.discover import import_all
from designspace.weights.layout import Layout


@cache
def known() -> tuple[Layout, ...]:
    """All layouts; where several fit, the first counts."""
    return tuple(layout for module in import_all(__name__) for layout in module.LAYOUTS)
