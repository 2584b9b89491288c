"""A stage as a component: the downsampling or the stem before it, and its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from designspace.blocks.families import Block, Downsample, Stem
from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import ShapeError
from designspace.layers.part import PartContext
from designspace.layers.pricing import Priced, price
from designspace.sampling.tables.components import (
    REFUSED,
    Component,
    Features,
    Made,
    extents_of,
    spread,
    vector,
)
from designspace.sampling.tables.part_tables import Ids, Piece, Pieces
from designspace.sampling.tables.wavelet import Ints
from designspace.spec.network.stage import Stage


@dataclass(frozen=True, slots=True)
class StagePieces:
    """The tables of one stage.

    Attributes:
        extent: Depth and width.
        block: The block.
        before: The stem in the first stage, else the downsampling.
        shrink: The downsampling of a first stage that has one.
    """

    extent: Piece
    block: Piece
    before: Piece
    shrink: Piece | None = None

    @property
    def parts(self) -> list[Piece]:
        """All but the extent."""
        return [self.block, self.before, *([self.shrink] if self.shrink else [])]

    def axes(self, order: Sequence[str]) -> list[str]:
        """The axes that touch the stage, in the space's order."""
        own = {name for piece in (self.extent, *self.parts) for name in piece.axes}
        return [name for name in order if name in own]


class StageComponent(Component):
    """One stage under every combination of the labels that touch it."""

    def __init__(
        self,
        pieces: Pieces,
        tables: StagePieces,
        sizes: dict[str, int],
        features: Features,
    ) -> None:
        """Take the stage's tables, the number of labels of each axis, and the shapes so far."""
        axes = tables.axes(list(sizes))
        shape = [sizes[name] for name in axes]
        extent = spread(tables.extent, axes, shape)
        parts = [spread(piece, axes, shape) for piece in tables.parts]
        found = extents_of(pieces, extent)
        depth, width = found[:, 0], np.where(extent < 0, REFUSED, found[:, 1])
        stages = np.array([each.stages for each in pieces.kinds] or [1])
        for ids in parts:  # written for another number of stages than there are
            fits = (stages[ids] == 1) | (stages[ids] == found[:, 2])
            width = np.where(fits | (depth == 0), width, REFUSED)
        there = depth > 0
        columns: list[Ids] = [width.astype(np.int32)]
        columns += [np.where(there, ids, 0).astype(np.int32) for ids in parts]
        super().__init__(axes, shape, columns)
        self.depths, inverse = np.unique(depth.astype(np.int32), return_inverse=True)
        self.depth_of = inverse.astype(np.int32)
        self._pieces, self._features = pieces, features
        self._identity: dict[tuple[int | None, ...] | None, int] = {}

    def _make(self, feature: int, *values: int) -> Made | None:
        if values[0] == 0:  # no such stage in these networks
            return Made(np.zeros((len(self.depths), 3), np.int64), feature, self._known(None))
        try:
            return self._traced(feature, *values)
        except ShapeError:
            return None

    def _traced(
        self, feature: int, width: int, block: int, before: int, shrink: int | None = None
    ) -> Made:
        x, cost = self._features.known[feature], Cost()
        first = self._pieces.kinds[before].part
        if isinstance(first, Stem):
            x, cost = price(first.on(PartContext(first.width or width)), x)
            between = None if shrink is None else self._pieces.kinds[shrink].part
        else:
            between = first
        stage = self._stage(width, block, cast("Downsample | None", between))
        projects = stage.projects(x.channels)
        out, shrinking = price(stage.shrinking(), x)
        costs, out = self._costs(stage, (out, cost + shrinking))
        pieces = self._pieces
        meaning = (
            pieces.meaning(before, width=width), pieces.meaning(block, projects=projects), width,
            None if shrink is None else pieces.meaning(shrink),
        )  # fmt: skip
        identity = self._known(meaning)
        return Made(costs, self._features.id(out), identity)

    def _costs(self, stage: Stage, entry: Priced) -> tuple[Ints, Feature]:
        """Cost of the stage at each depth, and what it gives."""
        out, cost = entry
        costs = [vector(cost)]
        met: dict[int, list[int]] = {}  # the blocks repeat themselves
        for block in stage.blocks():
            if id(block) not in met:
                given, cost = price(block, out)
                assert not met or given == out, "a block after the first changes the shape"
                out = given
                met[id(block)] = vector(cost)
            costs.append(met[id(block)])
        return np.cumsum(costs, axis=0)[np.maximum(self.depths, 1)], out

    def _stage(self, width: int, block: int, downsample: Downsample | None) -> Stage:
        part = cast("Block", self._pieces.kinds[block].part)
        depth = max(int(self.depths[-1]), 1)  # all of these are validated already
        return Stage.model_construct(depth=depth, width=width, downsample=downsample, block=part)

    def _known(self, meaning: tuple[int | None, ...] | None) -> int:
        return self._identity.setdefault(meaning, len(self._identity))
