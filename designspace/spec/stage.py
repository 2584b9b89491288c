"""A stage: downsampling and blocks at one resolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designspace.blocks.families import Block, Downsample
from designspace.layers.feature import Feature
from designspace.layers.numbers import Count, Size
from designspace.layers.part import Callables, Chain, Layer, Part, Place
from designspace.layers.residual import Identity


class Stage(Part):
    """Blocks at one resolution, after a downsampling unless the stage is the first.

    Attributes:
        depth: Number of blocks.
        width: The stage's width; of a bottleneck, its narrow side.
        downsample: What stands between the stage before and this one; null in a first one that
            keeps the stem's resolution.
        block: The block.
    """

    depth: Count
    width: Size
    downsample: Downsample | None
    block: Block

    def layers(self, x: Feature, at: Place) -> Mapping[str, Layer]:  # noqa: ARG002
        """The downsampling and the chain of blocks."""
        own, _ = self._strides()
        out = self.block.out_channels(self.width)
        shrink = own > 1 and self.downsample
        blocks = {str(i): self.block.on(self._place(i)) for i in range(self.depth)}
        return {
            "downsample": shrink.on(Place(out, own)) if shrink else Identity(),
            "blocks": Chain.of(blocks),
        }

    def forward(self, m: Callables, x: Any) -> Any:
        """Downsample, then the blocks."""
        return m.blocks(m.downsample(x))

    def projects(self, channels: int) -> bool:
        """Whether the first block changes the shape of what it gets from `channels` channels."""
        own, stride = self._strides()
        out = self.block.out_channels(self.width)
        return stride > 1 or (own == 1 and channels != out)

    def _strides(self) -> tuple[int, int]:
        return self.downsample.strides() if self.downsample else (1, 1)

    def _place(self, index: int) -> Place:
        _, stride = self._strides()
        return Place(self.width, stride if index == 0 else 1, index % self.block.period())
