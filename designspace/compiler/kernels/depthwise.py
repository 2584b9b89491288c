"""A depthwise convolution with a fast training step on a CPU.

On a CPU, torch's own gradient of a depthwise kernel takes far longer than the forward pass. This
file computes that gradient as another depthwise convolution. Its map is one channel of one image,
and its kernel is the output gradient of the same channel and image, as large as the map.
`benchmarks/depthwise.py` measures both.

A small example along one axis, with a kernel (a, b, c), a map (p, q) and zero padding:

    outputs                 y0 = b p + c q,  y1 = a p + b q
    gradient of the kernel  da = g1 p,  db = g0 p + g1 q,  dc = g0 q
    gradient of the map     dp = b g0 + a g1,  dq = c g0 + b g1

Here g is the gradient of the outputs. The gradient of the kernel is the padded map (0, p, q, 0)
convolved with g, and the gradient of the map is g convolved with the turned kernel (c, b, a).

On a map smaller than the kernel, the outer weights of the kernel meet only padding. They have no
effect and a zero gradient, so all three convolutions use only the middle of the kernel.
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
        """Map (batch, channels, height, width) to the same shape."""
        traced = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
        whole = traced or torch.compiler.is_exporting()  # wanted as one operator
        if whole or input.device.type != "cpu" or self.dilation != (1, 1):
            return super().forward(input)
        if not self._quick():
            return convolve(input, within_reach(self.weight, input.shape[-2:]), self.bias)
        y: Any = Depthwise.apply(input, self.weight, self.bias)
        return y

    def _quick(self) -> bool:
        """Return whether a gradient may be needed whose computation by torch is slow."""
        return self.training and torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")


class Depthwise(torch.autograd.Function):
    """The convolution, with the gradient of the kernel computed as another convolution."""

    generate_vmap_rule = True  # for per-sample gradients

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Convolve (batch, channels, height, width) with kernels (channels, 1, side, side)."""
        return convolve(x, within_reach(weight, x.shape[2:]), bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
        """Save the map and the kernel for `backward`."""
        x, weight, bias = inputs
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Return the gradients of map, kernel and bias; None for one that is not needed."""
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
    """Return the middle of a kernel: the weights that meet more than padding on such a map.

    A 7x7 kernel on a 2x2 map acts as its 3x3 middle.
    """
    cuts = [
        max(side // 2 + 1 - size, 0) for side, size in zip(weight.shape[2:], map_size, strict=True)
    ]
    if not any(cuts):
        return weight
    down, right = cuts
    return weight[:, :, down : weight.shape[2] - down, right : weight.shape[3] - right]


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve and keep the map's size, with kernels of odd sides.

    A kernel of one weight is computed as a product: on one thread, torch would not pass it to
    oneDNN.
    """
    if weight.shape[2] == weight.shape[3] == 1:
        factor = weight.view(-1, 1, 1)
        return x * factor if bias is None else torch.addcmul(bias[:, None, None], x, factor)
    padding = (weight.shape[2] // 2, weight.shape[3] // 2)
    return functional.conv2d(x, weight, bias, padding=padding, groups=x.shape[1])


def of_map(grad: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient of the map: a convolution with the kernel turned by 180 degrees.

    Torch's own gradient takes 1.5 times as long.
    """
    return convolve(grad, weight.flip(2, 3), None)


def of_kernel(grad: Tensor, x: Tensor, sides: Sequence[int]) -> Tensor:
    """Return the gradient of the kernel, from gradient and map (batch, channels, height, width).

    Returns:
        The gradient as (channels, 1, *sides).
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
    """Return the gradient of the whole kernel, with the kernel's strides.

    DDP compares the strides, even those of an axis of length 1.

    Args:
        weight: Kernel (channels, 1, height, width).
        grad: Gradient of its middle.
    """
    down, right = ((weight.shape[axis] - grad.shape[axis]) // 2 for axis in (2, 3))
    if down or right:
        grad = functional.pad(grad, (right, right, down, down))
    return grad.squeeze(1).unsqueeze(3).movedim(3, 1) if weight.stride(1) == 1 else grad
