"""A depthwise convolution whose training step is quick on a CPU.

Torch's own gradient of a depthwise kernel takes a CPU far longer than the forward pass. That
gradient is itself a depthwise convolution: of each image's channel, as the map, with the channel's
gradient, as a kernel of the map's size. `benchmarks/depthwise.py` measures both.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class DepthwiseConv(nn.Conv2d):
    """A depthwise convolution that keeps the map's size."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """(batch, channels, height, width) to the same."""
        if not self._quick(input):
            return super().forward(input)
        y: Any = Depthwise.apply(input, self.weight, self.bias)
        return y

    def _quick(self, x: Tensor) -> bool:
        """Whether a gradient will be wanted where torch's own is slow."""
        return (
            self.training
            and self.dilation == (1, 1)
            and x.device.type == "cpu"
            and torch.is_grad_enabled()
            and not torch.is_autocast_enabled("cpu")
            and not torch.compiler.is_exporting()
        )


class Depthwise(torch.autograd.Function):
    """The convolution, with the kernel's gradient as a convolution of its own."""

    generate_vmap_rule = True  # for gradients per sample

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """(batch, channels, height, width), (channels, 1, side, side) to the first's shape."""
        return functional.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=x.shape[1])

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        """Keep the map and the kernel."""
        x, weight, bias = inputs
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """The gradients of map, kernel and bias, where they are wanted."""
        (grad,) = grads
        x, weight = ctx.saved_tensors
        map_, kernel, bias = ctx.needs_input_grad
        return (
            of_map(grad, x, weight) if map_ else None,
            _as_laid_out(weight, of_kernel(grad, x, weight.shape[-1])) if kernel else None,
            grad.sum((0, 2, 3)) if bias and ctx.has_bias else None,
        )


def of_map(grad: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """Torch's own."""
    pad, groups = [weight.shape[-1] // 2] * 2, x.shape[1]
    found: Any = torch.ops.aten.convolution_backward.default(
        grad, x, weight, None, [1, 1], pad, [1, 1], False, [0, 0], groups, [True, False, False]
    )
    return found[0]


def of_kernel(grad: Tensor, x: Tensor, side: int) -> Tensor:
    """Both (batch, channels, height, width), to (channels, 1, side, side)."""
    batch, channels, height, width = x.shape
    maps = x.reshape(1, batch * channels, height, width)
    kernels = grad.reshape(batch * channels, 1, height, width)
    each = functional.conv2d(maps, kernels, padding=side // 2, groups=batch * channels)
    return each.view(batch, channels, 1, side, side).sum(0)


def _as_laid_out(weight: Tensor, grad: Tensor) -> Tensor:
    """Give a gradient its weight's strides, which DDP compares even where a side is 1; no copy."""
    return grad.squeeze(1).unsqueeze(3).movedim(3, 1) if weight.stride(1) == 1 else grad
