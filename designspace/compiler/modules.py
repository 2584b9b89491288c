"""Modules on features: maps (batch, channels, height, width), tokens (batch, tokens, channels).

Maps are channels-last in memory (`torch.channels_last`), so a permuted view has the channels in its
last axis without a copy.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def channels_last(images: Tensor) -> Tensor:
    """Return the same images (batch, channels, height, width), channels-last in memory.

    The reshape also sets the strides of images with a single channel, by which torch chooses its
    kernels. In an exported program the runtime chooses the layout, so the images are returned
    unchanged.
    """
    if torch.compiler.is_exporting():
        return images
    rows = images.permute(0, 2, 3, 1)
    return rows.flatten(1).reshape(rows.shape).permute(0, 3, 1, 2)


class NoWeightDecay(nn.Module):
    """A module whose own parameters are tables or tokens without weight decay, as in timm."""

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        for parameter in self.parameters(recurse=False):
            nn.init.trunc_normal_(parameter, std=0.02)


class MapLayerNorm(nn.LayerNorm):
    """Layer norm over the channels of (batch, channels, height, width)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise a permuted view."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class MapRMSNorm(nn.RMSNorm):
    """Root mean square norm over the channels of (batch, channels, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise a permuted view."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class TokenBatchNorm(nn.Module):
    """Batch norm on (batch, tokens, channels).

    The child `rows` is torch's own batch norm on (batch * tokens, channels), so tools that convert
    or freeze torch's batch norms also find this one.
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
        """Normalise a permuted view."""
        return super().forward(input.transpose(1, 2)).transpose(1, 2)


class MapMean(nn.Module):
    """The mean over all positions: (batch, channels, height, width) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Average over the positions."""
        return x.permute(0, 2, 3, 1).flatten(1, 2).mean(1)


class TokenMean(nn.Module):
    """The mean over all tokens: (batch, tokens, channels) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Average over the positions."""
        return x.mean(1)


class KeptMean(nn.Module):
    """The mean over all positions; the averaged axes are kept with length 1."""

    def __init__(self, positions: tuple[int, ...]) -> None:
        super().__init__()
        self.positions = positions

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, height, width) to (batch, channels, 1, 1); likewise for tokens."""
        return x.mean(self.positions, keepdim=True)


class Zero(nn.Module):
    """One zero per image, with as many axes as the input."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, ...) to zeros (batch, 1, ..., 1)."""
        return x.new_zeros((x.shape[0], *(1,) * (x.ndim - 1)))


class LayerScale(nn.Module):
    """One factor per channel of tokens (batch, tokens, channels) or vectors (batch, channels)."""

    def __init__(self, channels: int, init: float) -> None:
        super().__init__()
        self.init = init
        self.gamma = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the factor of every channel to its initial value."""
        nn.init.constant_(self.gamma, self.init)

    def forward(self, x: Tensor) -> Tensor:
        """Multiply each channel by its factor."""
        return x * self.gamma


class MapLayerScale(LayerScale):
    """One factor per channel of (batch, channels, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        """Multiply each channel by its factor."""
        return x * self.gamma[:, None, None]


class DropPath(nn.Module):
    """Drops a sample's branch with probability `rate` in training, and scales up the others."""

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Drop some samples in training; return the input otherwise."""
        if not self.training or self.rate == 0.0:
            return x
        keep = x.new_empty((x.shape[0], *(1,) * (x.ndim - 1))).bernoulli_(1 - self.rate)
        return x * keep.div_(1 - self.rate)

    def extra_repr(self) -> str:
        """Return the rate, for print."""
        return f"rate={self.rate:g}"
