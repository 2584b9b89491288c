"""Downsampling by the first block of a stage, as in ResNet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from designspace.blocks.families import Downsample
from designspace.layers.feature import Feature
from designspace.layers.numbers import Size
from designspace.layers.part import Children, Layer, PartContext


class InBlock(Downsample):
    """A stride of the spatial layer and the shortcut in the stage's first block.

    Attributes:
        stride: Stride of that block.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"stride": (1, 2)}
    kind: Literal["in_block"] = "in_block"
    stride: Size = 2

    def strides(self) -> tuple[int, int]:
        """Return the stride as that of the block."""
        return 1, self.stride

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List no layers."""
        return {}

    def forward(self, m: Children, x: Any) -> Any:  # noqa: ARG002
        """Return the input; the block shrinks it."""
        return x
