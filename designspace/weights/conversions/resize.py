"""Interpolate tables that were made for another input size or window."""

from __future__ import annotations

from math import isqrt

import torch
from torch import Tensor
from torch.nn import functional

from designspace.weights.layout import Shape


def positions(table: Tensor, shape: Shape) -> Tensor | None:
    """Interpolate a position table (1, tokens, channels); None if it does not fit the shape.

    The square part is interpolated (bicubic and antialiased, as in timm); a token in front keeps
    its vector.
    """
    if table.ndim != 3 or len(shape) != 3 or table.shape[2] != shape[2]:
        return None
    old, new = isqrt(table.shape[1]), isqrt(shape[1])
    prefix = table.shape[1] - old**2
    if prefix > 1 or shape[1] - new**2 != prefix:
        return None
    front, square = table[:, :prefix], table[:, prefix:]
    grid = _square(square[0], old, new, antialias=True)
    return torch.cat([front, grid[None]], dim=1)


def offsets(table: Tensor, shape: Shape) -> Tensor | None:
    """Interpolate a table of biases (offsets, heads) for another window; None if it does not fit.

    The interpolation is bicubic, as in Swin's code.
    """
    if table.ndim != 2 or len(shape) != 2 or table.shape[1] != shape[1]:
        return None
    old, new = isqrt(table.shape[0]), isqrt(shape[0])
    if old**2 != table.shape[0] or new**2 != shape[0]:
        return None
    return _square(table, old, new, antialias=False)


def _square(rows: Tensor, old: int, new: int, *, antialias: bool) -> Tensor:
    """Interpolate (old * old, channels) to (new * new, channels)."""
    grid = rows.float().reshape(1, old, old, -1).permute(0, 3, 1, 2)
    resized = functional.interpolate(
        grid, size=(new, new), mode="bicubic", antialias=antialias, align_corners=False
    )
    return resized.permute(0, 2, 3, 1).flatten(0, 2).to(rows.dtype)
