"""Pointwise layers: the parameters of a linear layer, the quickest kernel of the device.

On maps (batch, channels, height, width) the layer is a 1x1 convolution, on tokens a linear layer.
Both keep `nn.Linear`'s parameters, so that state dicts do not depend on the kernel.

Tools that look the exact class up, such as thop, the `pytorch` backend of ptflops and torch's
deprecated `quantize_dynamic`, pass these subclasses over in silence: give them what
`with_plain_layers` returns. torchao and the `aten` backend of ptflops take the network as it is.
"""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.kernels import Kernel, cpu_kernel


class Pointwise(nn.Linear):
    """A linear layer over the channels.

    Attributes:
        kernel: The kernel that it takes on a CPU; None for the machine's.
    """

    kernel: Kernel | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the weight is an ordinary tensor.

        Quantised and sharded weights are subclasses that know `linear`, not all kinds of views.
        """
        return not hasattr(self.weight, "__tensor_flatten__")

    def convolves(self, x: Tensor) -> bool:
        """Whether it runs as a convolution; on one thread torch's does not use oneDNN."""
        return (
            x.device.type == "cpu"
            and self.is_plain
            and x.dtype == torch.float32
            and not torch.is_autocast_enabled("cpu")
            and (self.kernel or cpu_kernel()) == "convolution"
            and (torch.compiler.is_compiling() or torch.get_num_threads() > 1)
        )


def pin_kernel(model: nn.Module, kernel: Kernel) -> None:
    """Make all pointwise layers of a network take one kernel on a CPU, on whatever machine.

    A run that resumes on another processor is so computed as it began.
    """
    for module in model.modules():
        if isinstance(module, Pointwise):
            module.kernel = kernel


def kernel_of(model: nn.Module) -> Kernel:
    """The kernel of a network's pointwise layers on a CPU: pinned, or the machine's."""
    for module in model.modules():
        if isinstance(module, Pointwise):
            return module.kernel or cpu_kernel()
    return cpu_kernel()


class PointwiseConv(Pointwise):
    """A 1x1 convolution on (batch, channels, height, width) with a linear layer's parameters."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels; the output is channels-last in memory where the input is."""
        if (torch.compiler.is_exporting() and self.is_plain) or self.convolves(input):
            return functional.conv2d(input, self.weight[:, :, None, None], self.bias)
        rows = functional.linear(input.permute(0, 2, 3, 1), self.weight, self.bias)
        return rows.permute(0, 3, 1, 2)


class TokenLinear(Pointwise):
    """A linear layer on (batch, tokens, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels."""
        if torch.compiler.is_exporting() or not self.convolves(input):
            return functional.linear(input, self.weight, self.bias)
        column = input.unsqueeze(2).permute(0, 3, 1, 2)
        mixed = functional.conv2d(column, self.weight[:, :, None, None], self.bias)
        return mixed.permute(0, 2, 3, 1).squeeze(2)
