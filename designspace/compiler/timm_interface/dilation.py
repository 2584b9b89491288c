"""Output strides: later stages keep their input's resolution and dilate their kernels instead.

The rule is that of timm and of DeepLab (arXiv 1706.05587, section 3.1): from the first stage whose
reduction would exceed the output stride, strides become dilations. The layers up to the stride of a
stage (its downsampling, or its first block) still read the positions of the previous stage, so they
have the dilation of that stage.

An example: reductions 4, 8, 16, 32 and an output stride of 8. The third stage gets the dilation 1
up to its stride and 2 after it, the fourth 2 and then 4, and the last three maps have reduction 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from torch import nn

from designspace.compiler.lowerings.windows import GatherPatches, Windows
from designspace.errors import InputError

if TYPE_CHECKING:
    from designspace.compiler.timm_interface.interface import TimmInterface

STRIDES = (8, 16, 32)
_FIXED = (GatherPatches, Windows, nn.MaxPool2d, nn.AvgPool2d)  # these cannot be dilated


def dilate(network: TimmInterface, output_stride: int) -> None:
    """Limit the reduction of a network's maps; the parameters do not change.

    Args:
        network: Network to change in place.
        output_stride: Largest reduction of a map: 8, 16 or 32.

    Raises:
        InputError: There is no such output stride, the first map is already reduced by more, or a
            stage to be dilated pools, gathers patches or attends within windows.
    """
    if output_stride not in STRIDES:
        valid = ", ".join(map(str, STRIDES))
        raise InputError(
            f"no output stride {output_stride}", path="output_stride", hint=f"valid: {valid}"
        )
    dilation, before = 1, int(network.feature_info[0]["reduction"])
    if before > output_stride:
        raise InputError(f"the first map is already reduced by {before}", path="output_stride")
    for info in network.feature_info:
        reduction, name = cast("int", info["reduction"]), cast("str", info["module"])
        factor, before = reduction // before, reduction
        if reduction <= output_stride:
            continue
        _stage(network.get_submodule(name), name, dilation, dilation * factor)
        dilation *= factor
        info["reduction"] = reduction // dilation


def _stage(stage: nn.Module, name: str, first: int, later: int) -> None:
    """Dilate a stage: the layers up to its stride by `first`, the others by `later`."""
    for part, module in stage.named_modules():
        if isinstance(module, _FIXED):
            raise InputError(
                f"{type(module).__name__} in {name}.{part} cannot be dilated", path="output_stride"
            )
    strided = next(_strided(stage), "downsample")
    for part, conv in _convolutions(stage):
        _convolution(conv, first if part.startswith(strided) else later)


def _strided(stage: nn.Module) -> Iterator[str]:
    """Yield the part of a stage with a stride: its downsampling or its first block."""
    for part, conv in _convolutions(stage):
        if conv.stride != (1, 1):
            yield "downsample" if part.startswith("downsample") else "blocks.0."


def _convolutions(stage: nn.Module) -> Iterator[tuple[str, nn.Conv2d]]:
    for part, module in stage.named_modules():
        if isinstance(module, nn.Conv2d):
            yield part, module


def _convolution(conv: nn.Conv2d, dilation: int) -> None:
    side = conv.kernel_size[0]
    conv.stride, conv.dilation = (1, 1), (dilation, dilation)
    even = dilation * (side - 1) % 2  # an even kernel needs one more zero on the far side
    conv.padding = "same" if even else (dilation * (side - 1) // 2,) * 2
