"""Pointwise layers: the parameters of a linear layer, the quickest kernel of the device.

On maps (batch, channels, height, width) the layer is a 1x1 convolution, on tokens a linear layer.
Both keep `nn.Linear`'s parameters, so that state dicts do not depend on the kernel.
"""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.kernels import cpu_kernel

# oneDNN is slow at small maps of many channels: those of a batch are convolved as one column
_FEW_POSITIONS, _MANY_WEIGHTS = 64, 1 << 19


class PointwiseConv(nn.Linear):
    """A 1x1 convolution on (batch, channels, height, width) with a linear layer's parameters."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels; the output is channels-last in memory where the input is."""
        if torch.compiler.is_exporting():
            return functional.conv2d(input, self.weight[:, :, None, None], self.bias)
        if _convolves(input):
            return _convolve(input, self)
        rows = functional.linear(input.permute(0, 2, 3, 1), self.weight, self.bias)
        return rows.permute(0, 3, 1, 2)


class TokenLinear(nn.Linear):
    """A linear layer on (batch, tokens, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels."""
        if torch.compiler.is_exporting() or not _convolves(input):
            return functional.linear(input, self.weight, self.bias)
        column = input.unsqueeze(2).permute(0, 3, 1, 2)
        return _convolve(column, self).permute(0, 2, 3, 1).squeeze(2)


def _convolves(x: Tensor) -> bool:
    """Whether a convolution is the quicker kernel for this input."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and cpu_kernel() == "convolution"
    )


def _convolve(x: Tensor, layer: nn.Linear) -> Tensor:
    """Convolve a map in channels-last memory."""
    kernel = layer.weight[:, :, None, None]
    batch, channels, height, width = x.shape
    if layer.weight.numel() < _MANY_WEIGHTS or height * width > _FEW_POSITIONS:
        return functional.conv2d(x, kernel, layer.bias)
    column = x.permute(0, 2, 3, 1).reshape(1, -1, 1, channels).permute(0, 3, 1, 2)
    mixed = functional.conv2d(column, kernel, layer.bias).permute(0, 2, 3, 1)
    return mixed.reshape(batch, height, width, -1).permute(0, 3, 1, 2)
