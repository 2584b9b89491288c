"""A stage as a component: the downsampling or the stem before it, and its blocks.

A stage is priced in steps, because many combinations of labels share a step, and each step has a
cache: the entry (stem or downsampling) on the input features, then the blocks on its output. Blocks
that differ only in fields without effect on the cost share a price. For example, a stage with two
activations (GELU or SiLU) that cost nothing and three kernel sizes has 6 blocks, but only 3 are
priced; their meanings still count as 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

import numpy as np

from designspace.blocks.families import Block, Stem
from designspace.layers.cost import Cost
from designspace.layers.feature import Feature, ShapeError
from designspace.layers.part import BoundPart, Layer, PartContext
from designspace.layers.pricing import Priced, price
from designspace.sampling.tables.components import (
    NOTHING,
    REFUSED,
    Component,
    Features,
    Made,
    Vector,
    extents_of,
    spread,
    vector,
)
from designspace.sampling.tables.part_tables import Ids, Piece, Pieces
from designspace.spec.network.stage import Stage


@dataclass(frozen=True, slots=True)
class StagePieces:
    """The tables of one stage.

    Attributes:
        extent: Table of depth and width.
        block: Table of the block.
        before: Table of the stem for the first stage, else of the downsampling.
        shrink: Table of the first stage's downsampling; None without one.
    """

    extent: Piece
    block: Piece
    before: Piece
    shrink: Piece | None = None

    @property
    def parts(self) -> list[Piece]:
        """All tables except that of the extent."""
        return [self.block, self.before, *([self.shrink] if self.shrink else [])]

    def axes(self, order: Sequence[str]) -> list[str]:
        """Return the axes that touch the stage, in the space's order."""
        own = {name for piece in (self.extent, *self.parts) for name in piece.axes}
        return [name for name in order if name in own]


class StageComponent(Component):
    """One stage for every combination of the labels that touch it."""

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
        for ids in parts:  # refuse parts written for another number of stages
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
        self._entries: dict[tuple[Feature, int, int], Priced | None] = {}
        self._blocks: dict[tuple[Feature, BoundPart], _Body] = {}
        self._bodies: dict[tuple[Feature, int, int, int | None], _Body | None] = {}

    def _make(self, feature: int, *values: int) -> Made | None:
        if values[0] == 0:  # no such stage in these networks
            return Made(NOTHING, feature, self._known(None))
        return self._priced(self._features.known[feature], *values)

    def _priced(
        self, x: Feature, width: int, block: int, before: int, shrink: int | None = None
    ) -> Made | None:
        pieces, cost = self._pieces, Cost()
        first, between = pieces.kinds[before].part, before
        if isinstance(first, Stem):
            entry = self._entry((x, before, width), first.on(PartContext(first.width or width)))
            if entry is None:
                return None
            (x, cost), between = entry, shrink
        body = self._body((x, width, pieces.priced_as(block), between))
        if body is None:
            return None
        meaning = (
            pieces.meaning(before, width=width), pieces.meaning(block, projects=body.projects),
            width, None if shrink is None else pieces.meaning(shrink),
        )  # fmt: skip
        total = vector(cost + body.first)
        return Made(total, self._features.id(body.out), self._known(meaning), body.more)

    def _entry(self, key: tuple[Feature, int, int], layer: Layer) -> Priced | None:
        """Price the stem or the downsampling; the key holds features, its number and width."""
        if key not in self._entries:
            try:
                self._entries[key] = price(layer, key[0])
            except ShapeError:
                self._entries[key] = None
        return self._entries[key]

    def _body(self, key: tuple[Feature, int, int, int | None]) -> _Body | None:
        """Price a stage on features, from its width and the numbers of block and downsampling."""
        if key not in self._bodies:
            try:
                self._bodies[key] = self._made_body(*key)
            except ShapeError:
                self._bodies[key] = None
        return self._bodies[key]

    def _made_body(self, x: Feature, width: int, block: int, between: int | None) -> _Body | None:
        stage = self._stage(width, block, between)
        key = (x, REFUSED if between is None else between, stage.block.out_channels(width))
        entry = self._entry(key, stage.shrinking())
        if entry is None:
            return None
        (out, cost), first = entry, next(stage.blocks())
        if (out, first) not in self._blocks:  # other downsamplings may lead to the same blocks
            self._blocks[out, first] = _blocks(stage, out)
        blocks = self._blocks[out, first]
        return _Body(stage.projects(x.channels), cost + blocks.first, blocks.more, blocks.out)

    def _stage(self, width: int, block: int, downsample: int | None) -> Stage:
        """Return the stage at its greatest depth; its parts are validated already."""
        part = cast("Block", self._pieces.kinds[block].part)
        before = None if downsample is None else self._pieces.kinds[downsample].part
        depth = max(int(self.depths[-1]), 1)
        return Stage.model_construct(depth=depth, width=width, downsample=before, block=part)

    def _known(self, meaning: tuple[int | None, ...] | None) -> int:
        return self._identity.setdefault(meaning, len(self._identity))


@dataclass(frozen=True, slots=True)
class _Body:
    """A priced stage: the cost up to its first block, the repeating costs after it, its output."""

    projects: bool
    first: Cost
    more: tuple[Vector, ...]
    out: Feature


def _blocks(stage: Stage, x: Feature) -> _Body:
    """Price the blocks alone: the first on the input features, the others on its output.

    Raises:
        ShapeError: A block cannot take the features.
    """
    first, *others = islice(stage.blocks(), 1 + min(stage.block.period(), stage.depth - 1))
    out, cost = price(first, x)
    more: list[Vector] = []
    for block in others:
        given, own = price(block, out)
        assert given == out, "a block after the first changes the shape"
        more.append(vector(own))
    return _Body(stage.projects(x.channels), cost, tuple(more) or (NOTHING,), out)
