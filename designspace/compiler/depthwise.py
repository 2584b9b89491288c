"""A depthwise convolution whose training step is quick on a CPU.

Torch's own gradient of a depthwise kernel takes a CPU far longer than the forward pass. That
gradient is itself a depthwise convolution: of each image's channel, as the map, with the channel's
gradient, as a kernel of the map's size. `benchmarks/depthwise.py` measures both. The gradient of
the map is a convolution with the turned kernel, and on maps smaller than the kernel only its middle
is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class DepthwiseConv(nn.Conv2d):
    """A depthwise convolution that keeps the map's size."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """(batch, channels, height, width) to the same."""
        traced = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
        whole = traced or torch.compiler.is_exporting()  # to be counted, or run elsewhere
        if whole or input.device.type != "cpu" or self.dilation != (1, 1):
            return super().forward(input)
        if not self._quick():
            return convolve(input, within_reach(self.weight, input.shape[-2:]), self.bias)
        y: Any = Depthwise.apply(input, self.weight, self.bias)
        return y

    def _quick(self) -> bool:
        """Whether a gradient will be wanted where torch's own is slow."""
        return self.training and torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")


class Depthwise(torch.autograd.Function):
    """The convolution, with the kernel's gradient as a convolution of its own."""

    generate_vmap_rule = True  # for gradients per sample

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """(batch, channels, height, width), (channels, 1, side, side) to the first's shape."""
        return convolve(x, within_reach(weight, x.shape[2:]), bias)

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
        middle = within_reach(weight, x.shape[2:])
        return (
            of_map(grad, middle) if map_ else None,
            _as_laid_out(weight, of_kernel(grad, x, middle.shape[2:])) if kernel else None,
            grad.sum((0, 2, 3)) if bias and ctx.has_bias else None,
        )


def within_reach(weight: Tensor, map_size: Sequence[int]) -> Tensor:
    """The middle of a kernel: the weights that meet a map of this size, and not only padding.

    A 7x7 kernel on a 2x2 map is a 3x3 one.
    """
    cuts = [
        max(side // 2 + 1 - size, 0) for side, size in zip(weight.shape[2:], map_size, strict=True)
    ]
    if not any(cuts):
        return weight
    down, right = cuts
    return weight[:, :, down : weight.shape[2] - down, right : weight.shape[3] - right]


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution that keeps the map's size, for kernels of odd sides.

    A kernel of one weight is a product, which torch would not give to oneDNN on one thread.
    """
    if weight.shape[2] == weight.shape[3] == 1:
        factor = weight.view(-1, 1, 1)
        return x * factor if bias is None else torch.addcmul(bias[:, None, None], x, factor)
    padding = (weight.shape[2] // 2, weight.shape[3] // 2)
    return functional.conv2d(x, weight, bias, padding=padding, groups=x.shape[1])


def of_map(grad: Tensor, weight: Tensor) -> Tensor:
    """The gradient of the map: a convolution with the kernel turned by half a circle.

    Torch's own takes 1.5 times as long.
    """
    return convolve(grad, weight.flip(2, 3), None)


def of_kernel(grad: Tensor, x: Tensor, sides: Sequence[int]) -> Tensor:
    """The gradient of the kernel; both are (batch, channels, height, width).

    Returns:
        (channels, 1, *sides).
    """
    batch, channels, height, width = x.shape
    if height == width == 1:
        return (x * grad).sum(0).view(channels, 1, 1, 1)
    maps = x.reshape(1, batch * channels, height, width)
    kernels = grad.reshape(batch * channels, 1, height, width)
    padding = (sides[0] // 2, sides[1] // 2)
    each = functional.conv2d(maps, kernels, padding=padding, groups=batch * channels)
    return each.view(batch, channels, 1, *sides).sum(0)


def _as_laid_out(weight: Tensor, grad: Tensor) -> Tensor:
    """A gradient of the whole kernel, with its strides, which DDP compares even where a side is 1.

    Args:
        weight: (channels, 1, height, width).
        grad: Of its middle.
    """
    down, right = ((weight.shape[axis] - grad.shape[axis]) // 2 for axis in (2, 3))
    if down or right:
        grad = functional.pad(grad, (right, right, down, down))
    return grad.squeeze(1).unsqueeze(3).movedim(3, 1) if weight.stride(1) == 1 else grad
