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


class PointwiseConv(nn.Linear):
    """A 1x1 convolution on (batch, channels, height, width) with a linear layer's parameters."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels; the output is channels-last in memory where the input is."""
        if torch.compiler.is_exporting() or _convolves(input):
            return functional.conv2d(input, self.weight[:, :, None, None], self.bias)
        rows = functional.linear(input.permute(0, 2, 3, 1), self.weight, self.bias)
        return rows.permute(0, 3, 1, 2)


class TokenLinear(nn.Linear):
    """A linear layer on (batch, tokens, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels."""
        if torch.compiler.is_exporting() or not _convolves(input):
            return functional.linear(input, self.weight, self.bias)
        column = input.unsqueeze(2).permute(0, 3, 1, 2)
        mixed = functional.conv2d(column, self.weight[:, :, None, None], self.bias)
        return mixed.permute(0, 2, 3, 1).squeeze(2)


def _convolves(x: Tensor) -> bool:
    """Whether a convolution is the quicker kernel; on one thread torch's does not use oneDNN."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and cpu_kernel() == "convolution"
        and (torch.compiler.is_compiling() or torch.get_num_threads() > 1)
    )
