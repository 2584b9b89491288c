"""The structure of a network from the shapes of its tensors, to decide which family it may be of.

Layouts need this because names are not enough: in our layout a ResNet and a RegNet have the same
names, and every network like ConvNeXt has the names of a ConvNeXt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from designspace.weights.layout import Shapes

STEM = "stem.conv.weight"
_SPATIAL = re.compile(r"stages\.(\d+)\.blocks\.\d+\.branch\.spatial\.conv\.weight")


@dataclass(frozen=True)
class ConvBlock:
    """One block with a spatial convolution.

    Attributes:
        stage: Index of the stage, from 0.
        first: Output and input channels of the first pointwise layer; (0, 0) without one.
        last: Output and input channels of the second pointwise layer; (0, 0) without one.
        width: Number of output channels of the spatial convolution.
        group_width: Number of input channels of each of its groups.
        kernel_size: Height and width of its kernel.
    """

    stage: int
    first: tuple[int, ...]
    last: tuple[int, ...]
    width: int
    group_width: int
    kernel_size: tuple[int, ...]

    @property
    def groups(self) -> int:
        """Number of groups of the spatial convolution, which keeps the width."""
        return self.width // self.group_width


def conv_blocks(shapes: Shapes) -> tuple[ConvBlock, ...]:
    """Return the blocks with a spatial convolution, in order."""
    return tuple(
        ConvBlock(
            int(found[1]),
            shapes.get(name.replace("spatial.conv", "pointwise1"), (0, 0)),
            shapes.get(name.replace("spatial.conv", "pointwise2"), (0, 0)),
            shape[0],
            shape[1],
            shape[2:],
        )
        for name, shape in shapes.items()
        if (found := _SPATIAL.fullmatch(name))
    )


def is_resnet(shapes: Shapes) -> bool:
    """Return whether the stem is 7x7 and all blocks are 3x3 with the same number of groups."""
    blocks = conv_blocks(shapes)
    square = all(block.kernel_size == (3, 3) for block in blocks)
    return shapes[STEM][2:] == (7, 7) and square and len({block.groups for block in blocks}) == 1


def is_regnet(shapes: Shapes) -> bool:
    """Return whether the stem is 3x3, all blocks are 3x3 without bottleneck, and groups fit.

    The groups fit if they have one width per stage.
    """
    blocks = conv_blocks(shapes)
    plain = all(
        block.kernel_size == (3, 3) and block.last == (block.width, block.width) for block in blocks
    )
    grouped = {(block.stage, block.group_width) for block in blocks}
    one_each = len(grouped) == len({block.stage for block in blocks})
    return shapes[STEM][2:] == (3, 3) and plain and one_each


def is_convnext(shapes: Shapes) -> bool:
    """Return whether all blocks are a depthwise convolution and two pointwise layers.

    The pointwise layers begin and end with the channels of the convolution.
    """
    return all(
        block.group_width == 1 and block.first[1] == block.width == block.last[0]
        for block in conv_blocks(shapes)
    )
