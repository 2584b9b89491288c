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
    """Blocks at one resolution, after a downsampling if the stage has one.

    Attributes:
        depth: Number of blocks.
        width: Width of the stage in channels; for a bottleneck, of its narrow side.
        downsample: Downsampling before the blocks; null for a first stage that keeps the stem's
            resolution.
        block: Block that the stage repeats.
    """

    depth: Count
    width: Size
    downsample: Downsample | None
    block: Block

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """Return the downsampling and the chain of blocks."""
        blocks = {str(i): block for i, block in enumerate(self.blocks())}
        return {"downsample": self.shrinking(), "blocks": Sequential.of(blocks)}

    def forward(self, m: Children, x: Any) -> Any:
        """Downsample, then run the blocks."""
        return m.blocks(m.downsample(x))

    def projects(self, channels: int) -> bool:
        """Return whether the first block changes the shape, given the channels before the stage."""
        own, stride = self._strides()
        out = self.block.out_channels(self.width)
        return stride > 1 or (own == 1 and channels != out)

    def shrinking(self) -> Layer:
        """Return the layer before the blocks: a downsampling or an identity."""
        own, _ = self._strides()
        if own == 1 or self.downsample is None:
            return Identity()
        return self.downsample.on(PartContext(self.block.out_channels(self.width), own))

    def blocks(self) -> Iterator[BoundPart]:
        """Yield the blocks, which repeat a pattern; only the first may shrink the map."""
        _, stride = self._strides()
        pattern = [self.block.on(PartContext(self.width, 1, i)) for i in range(self.block.period())]
        yield self.block.on(PartContext(self.width, stride)) if stride > 1 else pattern[0]
        yield from islice(cycle(pattern), 1, self.depth)

    def _strides(self) -> tuple[int, int]:
        return self.downsample.strides() if self.downsample else (1, 1)
