"""The first convolution for images with another number of channels, adapted as in timm."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from designspace.weights.layout import Shape


def first_convolution(shapes: Mapping[str, Shape]) -> str | None:
    """Return our name of the weight that takes the image; None for a stem without convolution."""
    kernels = (name for name, shape in shapes.items() if len(shape) == 4)
    return next((name for name in kernels if name.startswith("stem.")), None)


def adapted(weight: Tensor, channels: int) -> Tensor:
    """Adapt a kernel (outputs, inputs, height, width) to `channels` inputs.

    One channel gets the sum over the inputs, so a gray image gives the same result as three equal
    channels. More channels repeat the inputs, scaled so that equal channels give the same result as
    before (timm's `adapt_input_conv`).
    """
    inputs = weight.shape[1]
    if inputs == channels:
        return weight
    kernel = weight.float()
    if channels == 1:
        return kernel.sum(dim=1, keepdim=True).to(weight.dtype)
    repeated = kernel.repeat(1, -(-channels // inputs), 1, 1)[:, :channels]
    return (repeated * (inputs / channels)).to(weight.dtype)


def how(inputs: int, channels: int) -> str:
    """Describe the adaptation, for people."""
    done = "summed" if channels == 1 else f"repeated and scaled by {inputs}/{channels}"
    return f"first convolution adapted from {inputs} to {channels} channels ({done}, as timm does)"
