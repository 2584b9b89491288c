"""Pointwise layers: the parameters of a linear layer, computed by the fastest kernel.

A pointwise layer treats maps (batch, channels, height, width) and tokens (batch, tokens, channels)
as rows of channels. Both modules keep `nn.Linear`'s parameters, so state dicts do not depend on the
kernel.

Tools that look up the exact class, such as thop, the `pytorch` backend of ptflops and torch's
deprecated `quantize_dynamic`, silently skip these subclasses: give them the result of
`with_plain_layers`. torchao and the `aten` backend of ptflops work on the network itself.

The convolution takes the rows as a batch of flat images, (parts, channels, 1, rows / parts), and
not as the original maps. oneDNN works image by image, so small maps cost it far more than long
ones: for 64 images of 1x1, 256 to 1024 channels, on two threads of an AMD Zen 5, a training step of
the layer takes 1.7 ms as maps and 0.7 ms as flat images (`linear`: 0.7 ms). Torch passes a 1x1
convolution to oneDNN for batches of at least 16 on one thread, and at least 2 on several threads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.kernels.choice import Kernel, cpu_kernel

FEWEST_ROWS, FEWEST_MACS = 64, 6_000_000
"""Fewest rows and multiply-adds for a convolution; below them, its set-up costs too much."""
PARTS = range(16, 65)


class Pointwise(nn.Linear):
    """A linear layer over the channels.

    Attributes:
        kernel: Kernel of this layer on a CPU; None for the machine's.
    """

    kernel: Kernel | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the weight is an ordinary tensor.

        Quantised and sharded weights are subclasses that support `linear`, but not all kinds of
        views.
        """
        return not hasattr(self.weight, "__tensor_flatten__")

    def mixed(self, rows: Tensor) -> Tensor:
        """Map rows (*, channels) to (*, out_features)."""
        parts = self._parts(rows) if rows.device.type == "cpu" and self.is_plain else 0
        if parts == 0:
            return functional.linear(rows, self.weight, self.bias)
        images = rows.reshape(parts, 1, -1, self.in_features).permute(0, 3, 1, 2)
        found = functional.conv2d(images, self.weight[:, :, None, None], self.bias)
        return found.permute(0, 2, 3, 1).reshape(*rows.shape[:-1], self.out_features)

    def _parts(self, x: Tensor) -> int:
        """Return the number of flat images to convolve; 0 for a linear layer."""
        kernel = self.kernel or cpu_kernel()
        if kernel == "linear" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
            return 0
        rows, always = x.numel() // self.in_features, kernel == "convolution"
        if not always and not self._pays(rows):
            return 0
        traced = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
        if traced or torch.compiler.is_compiling():  # the number of rows may be unknown
            return 1
        parts = next((parts for parts in PARTS if rows % parts == 0), 1)
        return parts if always or parts > 1 or torch.get_num_threads() > 1 else 0

    def _pays(self, rows: int) -> bool:
        """Return whether a layer of this size is faster as a convolution."""
        return rows >= FEWEST_ROWS and rows * self.in_features * self.out_features >= FEWEST_MACS


def pin_kernel(model: nn.Module, kernel: Kernel) -> None:
    """Make all pointwise layers of a network use one kernel on a CPU, on every machine.

    With this, a run that resumes on another processor continues with the kernel that it began with.
    """
    for module in model.modules():
        if isinstance(module, Pointwise):
            module.kernel = kernel


def kernel_of(model: nn.Module) -> Kernel:
    """Return the CPU kernel of a network's pointwise layers: the pinned one, or the machine's."""
    for module in model.modules():
        if isinstance(module, Pointwise):
            return module.kernel or cpu_kernel()
    return cpu_kernel()


class PointwiseConv(Pointwise):
    """A 1x1 convolution on (batch, channels, height, width) with a linear layer's parameters."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels; the output is channels-last in memory if the input is."""
        if torch.compiler.is_exporting() and self.is_plain:
            return functional.conv2d(input, self.weight[:, :, None, None], self.bias)
        return self.mixed(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class TokenLinear(Pointwise):
    """A linear layer on (batch, tokens, channels)."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Mix channels."""
        if torch.compiler.is_exporting():
            return functional.linear(input, self.weight, self.bias)
        return self.mixed(input)
