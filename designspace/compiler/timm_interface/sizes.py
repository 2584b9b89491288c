"""Image sizes of a built network: only the position tables depend on them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

from torch import Tensor, nn

from designspace.compiler.lowerings.tokens import PositionTable, resized
from designspace.errors import InputError


def pair(img_size: int | Sequence[int]) -> tuple[int, int]:
    """Return height and width in pixels, from timm's number or pair.

    Raises:
        InputError: There are not two whole numbers, or one is below 1.
    """
    both: tuple[Any, ...] = (img_size, img_size) if isinstance(img_size, int) else tuple(img_size)
    if len(both) != 2 or not all(isinstance(side, int) and side > 0 for side in both):
        raise InputError(f"expected a side or (height, width), got {img_size!r}", path="img_size")
    height, width = both
    return height, width


def resize_tables(network: nn.Module, size: tuple[int, int], reduction: int) -> None:
    """Resample the position tables to the grid of an image of this height and width.

    Args:
        network: Network, changed in place.
        size: Height and width of the image in pixels.
        reduction: Side of a position in pixels.

    Raises:
        InputError: The image is smaller than a patch.
    """
    height, width = (side // reduction for side in size)
    tables = [module for module in network.modules() if isinstance(module, PositionTable)]
    if tables and min(height, width) < 1:
        raise InputError(f"{size} is less than a patch of {reduction} pixels", path="img_size")
    for table in tables:
        table.resize((height, width))


def fit_tables(state: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    """Resample square position tables of a checkpoint to the sizes of a network.

    timm's own loaders call this for every file, so they do not need to know our tables.
    """
    fitted = dict(state)
    for name, module in network.named_modules():
        key = f"{name}.table"
        table = fitted.get(key)
        if isinstance(module, PositionTable) and isinstance(table, Tensor):
            side = isqrt(table.shape[1] - module.prefix)
            if (side, side) != module.grid and table.shape != module.table.shape:
                fitted[key] = resized(table, module.prefix, module.grid)
    return fitted
