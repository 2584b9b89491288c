"""Modules on channels-last features: (batch, *positions, channels) in and out.

Torch's convolutions, batch norm and poolings take (batch, channels, height, width); a permuted
view of a channels-last tensor is exactly their `torch.channels_last` layout, so nothing is copied.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Undecayed(nn.Module):
    """Its own parameters are tables or tokens that weight decay spares, as timm's models say."""


class ConvolutionNHWC(nn.Conv2d):
    """A convolution on (batch, height, width, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Convolve a view."""
        return super().forward(input.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class BatchNormNHWC(nn.BatchNorm2d):
    """Batch norm on (batch, height, width, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise a view."""
        return super().forward(input.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class BatchNormNLC(nn.BatchNorm1d):
    """Batch norm on (batch, tokens, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise a view."""
        return super().forward(input.transpose(1, 2)).transpose(1, 2)


class GroupNormNHWC(nn.GroupNorm):
    """Group norm on (batch, *positions, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Normalise a view."""
        return super().forward(input.movedim(-1, 1)).movedim(1, -1)


class MaxPoolNHWC(nn.MaxPool2d):
    """Max pooling on (batch, height, width, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Pool a view."""
        pooled = functional.max_pool2d(
            input.permute(0, 3, 1, 2), self.kernel_size, self.stride, self.padding
        )
        return pooled.permute(0, 2, 3, 1)


class AvgPoolNHWC(nn.AvgPool2d):
    """Mean pooling on (batch, height, width, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Pool a view."""
        return super().forward(input.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class GlobalAvgPool(nn.Module):
    """The mean over all positions: (batch, *positions, channels) to (batch, channels)."""

    def forward(self, x: Tensor) -> Tensor:
        """Average."""
        return x.flatten(1, -2).mean(1)


class LayerScale(nn.Module):
    """A factor a channel."""

    def __init__(self, channels: int, init: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels,), init))

    def forward(self, x: Tensor) -> Tensor:
        """Scale."""
        return x * self.gamma


class ResponseNorm(nn.Module):
    """Scales each channel by its share of the response over all positions, and adds the input."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, *positions, channels) to the same."""
        positions = tuple(range(1, x.ndim - 1))
        response = x.square().sum(positions, keepdim=True).sqrt()
        share = response / (response.mean(-1, keepdim=True) + self.eps)
        return x + torch.addcmul(self.bias, self.weight, x * share)


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
