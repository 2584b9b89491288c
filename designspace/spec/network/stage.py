"""A stage: downsampling and blocks at one resolution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from typing import Any

from designspace.blocks.families import Block, Downsample
from designspace.layers.feature import Feature
from designspace.layers.leaves.residual import Identity
from designspace.layers.numbers import Count, Size
from designspace.layers.part import BoundPart, Children, Composite, Layer, PartContext, Sequential


class Stage(Composite):
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

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """The downsampling and the chain of blocks."""
        blocks = {str(i): block for i, block in enumerate(self.blocks())}
        return {"downsample": self.shrinking(), "blocks": Sequential.of(blocks)}

    def forward(self, m: Children, x: Any) -> Any:
        """Downsample, then the blocks."""
        return m.blocks(m.downsample(x))

    def projects(self, channels: int) -> bool:
        """Whether the first block changes the shape of what it gets from `channels` channels."""
        own, stride = self._strides()
        out = self.block.out_channels(self.width)
        return stride > 1 or (own == 1 and channels != out)

    def shrinking(self) -> Layer:
        """What stands before the blocks."""
        own, _ = self._strides()
        if own == 1 or self.downsample is None:
            return Identity()
        return self.downsample.on(PartContext(self.block.out_channels(self.width), own))

    def blocks(self) -> Iterator[BoundPart]:
        """The blocks, which repeat a pattern; only the first may shrink the map."""
        _, stride = self._strides()
        pattern = [self.block.on(PartContext(self.width, 1, i)) for i in range(self.block.period())]
        yield self.block.on(PartContext(self.width, stride)) if stride > 1 else pattern[0]
        yield from islice(cycle(pattern), 1, self.depth)

    def _strides(self) -> tuple[int, int]:
        return self.downsample.strides() if self.downsample else (1, 1)
