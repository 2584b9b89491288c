"""Lowerings between maps and tokens."""

from __future__ import annotations

from math import isqrt
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.lower import lowers
from designspace.compiler.modules import NoWeightDecay
from designspace.layers.feature import Feature
from designspace.layers.leaves import tokens


class Flatten(nn.Module):
    """Flattening of (batch, channels, height, width) to (batch, height * width, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Flatten the positions; the result is a view if the input is channels-last in memory."""
        return x.permute(0, 2, 3, 1).flatten(1, 2)


class ReshapeLike(nn.Module):
    """Reshaping of (batch, positions, channels) to the form of another tensor, map or tokens."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """Return tokens as they are, or a channels-last map: a view if the input is contiguous."""
        if like.ndim == 3:
            return x
        return x.reshape(x.shape[0], *like.shape[2:], x.shape[2]).permute(0, 3, 1, 2)


class ClassToken(NoWeightDecay):
    """A learnable token in front of the others."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(1, 1, channels))
        self.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, tokens, channels) to (batch, tokens + 1, channels)."""
        return torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1)


class PositionTable(NoWeightDecay):
    """One learnable vector per token.

    For an image of another size, the grid part of the table is interpolated (bicubic, antialiased,
    as in timm); tokens in front keep their vectors.
    """

    def __init__(self, count: int, channels: int, prefix: int) -> None:
        super().__init__()
        self.prefix = prefix
        side = isqrt(count - prefix)
        self.grid = (side, side)
        self.table = nn.Parameter(torch.empty(1, count, channels))
        self.reset_parameters()

    def resize(self, grid: tuple[int, int]) -> None:
        """Interpolate the table permanently, for maps of another height and width."""
        if grid == self.grid:
            return
        with torch.no_grad():
            table = resized(self.table, self.prefix, grid, self.grid)
        self.table = nn.Parameter(table, self.table.requires_grad)
        self.grid = grid

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """Add the table to (batch, tokens, channels).

        Args:
            x: Tokens, flattened from a map.
            like: Map (batch, channels, height, width) with the height and width of that map.
        """
        height, width = like.shape[2:]
        if _same(height, self.grid[0]) and _same(width, self.grid[1]):
            return x + self.table
        return x + resized(self.table, self.prefix, (height, width), self.grid)


def _same(side: int, built: int) -> bool:
    """Return whether a side equals the built one; False for a symbolic side of an export."""
    if not torch.compiler.is_exporting():
        return side == built
    from torch.fx.experimental.symbolic_shapes import statically_known_true

    return statically_known_true(cast("Any", side == built))


def resized(
    table: Tensor, prefix: int, grid: tuple[int, int], before: tuple[int, int] | None = None
) -> Tensor:
    """Interpolate a table for another grid.

    Args:
        table: One vector per token (1, tokens, channels).
        prefix: Number of tokens in front, which keep their vectors.
        grid: Height and width of the new grid.
        before: Height and width of the table's grid (default: a square).
    """
    side = isqrt(table.shape[1] - prefix)
    before = before or (side, side)
    front, square = table[:, :prefix], table[:, prefix:]
    square = square.reshape(1, *before, -1).permute(0, 3, 1, 2).float()
    square = functional.interpolate(square, size=grid, mode="bicubic", antialias=True)
    return torch.cat([front, square.to(front.dtype).permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


class TakeFirst(nn.Module):
    """The first token: (batch, tokens, channels) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the first token."""
        return x[:, 0]


@lowers(tokens.Flatten)
def _flatten(leaf: tokens.Flatten, x: Feature) -> nn.Module:  # noqa: ARG001
    return Flatten() if len(x.size) == 2 else nn.Identity()


@lowers(tokens.ReshapeLike)
def _reshape_like(leaf: tokens.ReshapeLike, x: Feature) -> nn.Module:  # noqa: ARG001
    return ReshapeLike()


@lowers(tokens.ClassToken)
def _class_token(leaf: tokens.ClassToken, x: Feature) -> nn.Module:  # noqa: ARG001
    return ClassToken(x.channels)


@lowers(tokens.PositionTable)
def _position_table(leaf: tokens.PositionTable, x: Feature) -> nn.Module:
    return PositionTable(x.positions, x.channels, leaf.prefix)


@lowers(tokens.TakeFirst)
def _take_first(leaf: tokens.TakeFirst, x: Feature) -> nn.Module:  # noqa: ARG001
    return TakeFirst()
