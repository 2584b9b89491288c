"""Between maps and tokens."""

from __future__ import annotations

from math import isqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.lower import lowers
from designspace.compiler.modules import Undecayed
from designspace.layers import tokens
from designspace.layers.feature import Feature


class Flatten(nn.Module):
    """(batch, channels, height, width) to (batch, height * width, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """A view where the input is channels-last in memory."""
        return x.permute(0, 2, 3, 1).flatten(1, 2)


class ReshapeLike(nn.Module):
    """(batch, positions, channels) as the map, or the tokens, that another tensor is."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """A view where the input is contiguous; channels-last in memory."""
        if like.ndim == 3:
            return x
        return x.reshape(x.shape[0], *like.shape[2:], x.shape[2]).permute(0, 3, 1, 2)


class ClassToken(Undecayed):
    """A learnable token in front."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(1, 1, channels))
        self.reset_parameters()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, tokens, channels) to (batch, tokens + 1, channels)."""
        return torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1)


class PositionTable(Undecayed):
    """A learnable vector a token.

    Where an image of another size gives another map, the square of the table is interpolated
    (bicubic, antialiased, as timm does); tokens in front keep theirs.
    """

    def __init__(self, count: int, channels: int, prefix: int) -> None:
        super().__init__()
        self.prefix = prefix
        self.table = nn.Parameter(torch.empty(1, count, channels))
        self.reset_parameters()

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """(batch, tokens, channels) to the same; the map that they were has the second's sides."""
        height, width = like.shape[2:]
        side = isqrt(self.table.shape[1] - self.prefix)
        if height == width == side:
            return x + self.table
        return x + self._for(side, (height, width))

    def _for(self, side: int, size: tuple[int, int]) -> Tensor:
        front, square = self.table[:, : self.prefix], self.table[:, self.prefix :]
        grid = square.reshape(1, side, side, -1).permute(0, 3, 1, 2).float()
        resized = functional.interpolate(grid, size=size, mode="bicubic", antialias=True)
        return torch.cat([front, resized.to(front.dtype).permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


class TakeFirst(nn.Module):
    """(batch, tokens, channels) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Select."""
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
