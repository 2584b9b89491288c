"""Modules on features: maps (batch, channels, height, width), tokens (batch, tokens, channels).

Maps are channels-last in memory (`torch.channels_last`), so that a permuted view has the channels
in its last axis without a copy.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def channels_last(images: Tensor) -> Tensor:
    """The same images (batch, channels, height, width), channels-last in memory.

    Rows are reshaped, so that the strides of a single channel are set as well: torch chooses its
    kernels by them. Exported programs leave the layout to what runs them.
    """
    if torch.compiler.is_exporting():
        return images
    rows = images.permute(0, 2, 3, 1)
    return rows.flatten(1).reshape(rows.shape).permute(0, 3, 1, 2)


class NoWeightDecay(nn.Module):
    """Its own parameters are tables or tokens that weight decay spares, as timm's models say."""

    def reset_parameters(self) -> None:
        """Draw them anew."""
        for parameter in self.parameters(recurse=False):
            nn.init.trunc_normal_(parameter, std=0.02)


class MapLayerNorm(nn.LayerNorm):
    """Layer norm over the channels of (batch, channels, height, width)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise a view."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class MapRMSNorm(nn.RMSNorm):
    """Root mean square norm over the channels of (batch, channels, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a view."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class TokenBatchNorm(nn.Module):
    """Batch norm on (batch, tokens, channels).

    Torch's own norm is a child that takes rows of channels, so that whatever converts or freezes
    torch's batch norms is right about this one.
    """

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.rows = nn.BatchNorm1d(channels, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise over the batch and all tokens."""
        return self.rows(x.flatten(0, 1)).view_as(x)


class TokenGroupNorm(nn.GroupNorm):
    """Group norm on (batch, tokens, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise a view."""
        return super().forward(input.transpose(1, 2)).transpose(1, 2)


class MapMean(nn.Module):
    """The mean over all positions: (batch, channels, height, width) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.permute(0, 2, 3, 1).flatten(1, 2).mean(1)


class TokenMean(nn.Module):
    """The mean over all tokens: (batch, tokens, channels) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.mean(1)


class KeptMean(nn.Module):
    """The mean over all positions, whose axes stay with one position each."""

    def __init__(self, positions: tuple[int, ...]) -> None:
        super().__init__()
        self.positions = positions

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to (batch, channels, 1, 1); tokens likewise."""
        return x.mean(self.positions, keepdim=True)


class Zero(nn.Module):
    """A zero per image, with the axes of the input."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, ...) to (batch, 1, ...)."""
        return x.new_zeros((x.shape[0], *(1,) * (x.ndim - 1)))


class LayerScale(nn.Module):
    """A factor per channel of tokens (batch, tokens, channels) or vectors (batch, channels)."""

    def __init__(self, channels: int, init: float) -> None:
        super().__init__()
        self.init = init
        self.gamma = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Give every channel the first value."""
        nn.init.constant_(self.gamma, self.init)

    def forward(self, x: Tensor) -> Tensor:
        """Scale."""
        return x * self.gamma


class MapLayerScale(LayerScale):
    """A factor per channel of (batch, channels, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        """Scale."""
        return x * self.gamma[:, None, None]


class DropPath(nn.Module):
    """Drops a sample's branch with probability `rate` in training, and scales up the kept ones."""

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Drop, or pass."""
        if not self.training or self.rate == 0.0:
            return x
        keep = x.new_empty((x.shape[0], *(1,) * (x.ndim - 1))).bernoulli_(1 - self.rate)
        return x * keep.div_(1 - self.rate)

    def extra_repr(self) -> str:
        """The rate, for print."""
        return f"rate={self.rate:g}"
