"""A stage as a component: the downsampling or the stem before it, and its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from designspace.algebra.components import (
    REFUSED,
    Component,
    Features,
    Made,
    extents_of,
    spread,
    vector,
)
from designspace.algebra.parts import meaning_of
from designspace.algebra.pieces import Ids, Piece, Pieces
from designspace.blocks.families import Block, Downsample, Stem
from designspace.layers.cost import NOTHING
from designspace.layers.feature import Feature
from designspace.layers.leaf import ShapeError
from designspace.layers.part import Place
from designspace.layers.trace import Node, trace
from designspace.spec.stage import Stage


@dataclass(frozen=True, slots=True)
class StagePieces:
    """The tables of one stage; `before` is the stem's in the first, else the downsampling's."""

    extent: Piece
    block: Piece
    before: Piece

    def axes(self, order: Sequence[str]) -> list[str]:
        """The axes that touch the stage, in the space's order."""
        own = {*self.extent.axes, *self.block.axes, *self.before.axes}
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
        block, before = spread(tables.block, axes, shape), spread(tables.before, axes, shape)
        found = extents_of(pieces, extent)
        depth, width = found[:, 0], np.where(extent < 0, REFUSED, found[:, 1])
        stages = np.array([each.stages for each in pieces.kinds] or [1])
        for ids in (block, before):  # written for another number of stages than there are
            fits = (stages[ids] == 1) | (stages[ids] == found[:, 2])
            width = np.where(fits | (depth == 0), width, REFUSED)
        there = depth > 0
        columns: list[Ids] = [
            width.astype(np.int32),
            np.where(there, block, 0).astype(np.int32),
            np.where(there, before, 0).astype(np.int32),
        ]
        super().__init__(axes, shape, columns)
        self.depths, inverse = np.unique(depth.astype(np.int32), return_inverse=True)
        self.depth_of = inverse.astype(np.int32)
        self._pieces, self._features = pieces, features
        self._identity: dict[str, int] = {}
        self._meaning = cache(self._meaning_of)

    def _make(self, feature: int, *values: int) -> Made | None:
        width, block, before = values
        if width == 0:  # no such stage in these networks
            return Made(np.zeros((len(self.depths), 3), np.int64), feature, self._known("none"))
        try:
            return self._traced(feature, width, block, before)
        except ShapeError:
            return None

    def _traced(self, feature: int, width: int, block: int, before: int) -> Made:
        x = self._features.known[feature]
        first = self._pieces.kinds[before].part
        if isinstance(first, Stem):
            entry = trace(first.on(Place(first.width or width)), x)
            stage = self._stage(width, block, None)
        else:
            stage = self._stage(width, block, cast("Downsample", first))
            entry = trace(stage.shrinking(), x)
        projects = stage.projects(entry.output.channels if isinstance(first, Stem) else x.channels)
        costs, out = self._costs(stage, entry)
        identity = self._known(f"{self._meaning(before, width)}{self._meaning(block, projects)}{width}")
        return Made(costs, self._features.id(out), identity)

    def _costs(self, stage: Stage, entry: Node) -> tuple[np.ndarray, Feature]:
        """Cost of the stage at each depth, and what it gives."""
        period = stage.block.period()
        blocks = [trace(stage.block_at(0), entry.output)]
        out = blocks[0].output
        for index in range(1, int(self.depths[-1])):
            node = blocks[-period] if index > period else trace(stage.block_at(index), out)
            assert node.output == out, "a block after the first changes the shape"
            blocks.append(node)
        each = np.array([vector(node.cost) for node in blocks], np.int64)
        total = np.array(vector(entry.cost or NOTHING)) + np.cumsum(each, axis=0)
        return total[np.maximum(self.depths - 1, 0)], out

    def _stage(self, width: int, block: int, downsample: Downsample | None) -> Stage:
        part = cast("Block", self._pieces.kinds[block].part)
        return Stage(depth=1, width=width, downsample=downsample, block=part)

    def _known(self, text: str) -> int:
        return self._identity.setdefault(text, len(self._identity))

    def _meaning_of(self, index: int, where: int) -> str:
        """Meaning of a block that does or does not project, of a stem before a width, ..."""
        part = self._pieces.kinds[index].part
        if isinstance(part, Block):
            return meaning_of(part.meaning_where(projects=bool(where)))
        return meaning_of(part.meaning_before(where) if isinstance(part, Stem) else part.meaning())
