"""Lowerings that split channels and concatenate them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from designspace.compiler.lower import lowers
from designspace.layers.feature import Feature
from designspace.layers.leaves import channels


class TakeChannels(nn.Module):
    """A slice of neighbouring channels."""

    def __init__(self, axis: int, first: int, channels: int) -> None:
        super().__init__()
        self.axis, self.first, self.channels = axis, first, channels

    def forward(self, x: Tensor) -> Tensor:
        """Return a view of the channels."""
        return x.narrow(self.axis, self.first, self.channels)


class Concat(nn.Module):
    """The channels of all inputs."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *xs: Tensor) -> Tensor:
        """Concatenate the channels of maps (batch, channels, height, width), tokens or vectors."""
        return torch.cat(xs, self.axis)


def _axis(x: Feature) -> int:
    """Return the axis of the channels, counted from the last."""
    return -3 if len(x.size) == 2 else -1


@lowers(channels.TakeChannels)
def _take(leaf: channels.TakeChannels, x: Feature) -> nn.Module:
    return TakeChannels(_axis(x), leaf.first, leaf.channels)


@lowers(channels.Concat)
def _concat(leaf: channels.Concat, x: Feature) -> nn.Module:  # noqa: ARG001
    return Concat(_axis(x))
