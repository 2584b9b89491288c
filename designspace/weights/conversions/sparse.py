"""Kernels of MinkowskiEngine, which pre-trained ConvNeXt V2, in torch's form.

MinkowskiEngine keeps a kernel as (positions, inputs, outputs), or as (positions, channels) for a
depthwise convolution, with the positions column by column.
"""

from __future__ import annotations

from math import isqrt

from torch import Tensor

from designspace.weights.layout import Shape


def dense(kernel: Tensor, shape: Shape) -> Tensor | None:
    """Return (positions, inputs, outputs) as (outputs, inputs, height, width); None if unfit."""
    if kernel.ndim != 3:
        return None
    return _square(kernel.permute(2, 1, 0), shape)


def depthwise(kernel: Tensor, shape: Shape) -> Tensor | None:
    """Return (positions, channels) as (channels, 1, height, width); None if unfit."""
    if kernel.ndim != 2:
        return None
    return _square(kernel.permute(1, 0)[:, None], shape)


def _square(kernel: Tensor, shape: Shape) -> Tensor | None:
    side = isqrt(kernel.shape[2])
    if (*kernel.shape[:2], side, side) != shape or side**2 != kernel.shape[2]:
        return None
    return kernel.reshape(shape).transpose(2, 3)
