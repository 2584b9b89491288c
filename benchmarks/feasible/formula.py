"""Multiply-adds and parameters of a ConvNeXt at 224 pixels, in closed form.

Plain arithmetic: on integers for one network, on integer arrays for many. Written apart from the
package, which the benchmark holds it against.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CLASSES = 1000
SIDES = (56, 28, 14, 7)


def cost(values: Sequence[Any]) -> tuple[Any, Any]:
    """Multiply-adds and parameters.

    Args:
        values: Depths, widths, kernel sizes and expansion ratios of the four stages: 16 in all.
    """
    depths, widths, kernels, ratios = (values[i : i + 4] for i in (0, 4, 8, 12))
    macs = 48 * widths[0] * SIDES[0] ** 2 + CLASSES * widths[3]
    params = 51 * widths[0] + (2 + CLASSES) * widths[3] + CLASSES
    before = None
    for side, depth, width, kernel, ratio in zip(
        SIDES, depths, widths, kernels, ratios, strict=True
    ):
        weights = kernel * kernel * width + 2 * ratio * width * width
        macs = macs + side**2 * depth * weights
        params = params + depth * (weights + (5 + ratio) * width)  # biases, norm, layer scale
        if before is not None:
            macs = macs + side**2 * 4 * before * width
            params = params + 2 * before + (4 * before + 1) * width
        before = width
    return macs, params
