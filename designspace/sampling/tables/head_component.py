"""The head as a component: the last of the chain."""

from __future__ import annotations

from designspace.blocks.families import Head
from designspace.layers.feature import ShapeError
from designspace.layers.part import PartContext
from designspace.layers.trace import trace
from designspace.sampling.tables.components import Component, Features, Made, spread, vector
from designspace.sampling.tables.part_tables import Piece, Pieces


class HeadComponent(Component):
    """The head for every combination of the labels that touch it."""

    def __init__(
        self,
        pieces: Pieces,
        table: Piece,
        sizes: dict[str, int],
        features: Features,
        num_classes: int,
    ) -> None:
        axes = table.axes
        shape = [sizes[name] for name in axes]
        super().__init__(axes, shape, [spread(table, axes, shape)])
        self._pieces, self._features, self._classes = pieces, features, num_classes

    def _make(self, feature: int, *values: int) -> Made | None:
        (index,) = values
        head = self._pieces.kinds[index].part
        assert isinstance(head, Head)
        try:
            node = trace(head.on(PartContext(self._classes)), self._features.known[feature])
        except ShapeError:
            return None
        return Made(vector(node.cost), self._features.id(node.output), index)
