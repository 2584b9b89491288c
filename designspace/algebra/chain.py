"""A space as a chain of components, compiled once."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from designspace.algebra.components import Component, Features
from designspace.algebra.footprint import BLOCK, DOWNSAMPLE, HEAD, STEM
from designspace.algebra.head_component import HeadComponent
from designspace.algebra.pieces import Pieces
from designspace.algebra.stage_component import StageComponent, StagePieces
from designspace.algebra.task import Task
from designspace.layers.feature import image
from designspace.spec.axis import Axis


class Chain:
    """The components of a space's networks, in order.

    Attributes:
        axes: The axes over networks, with the number of labels of each.
        components: The stem with the first stage, the other stages, the head.
        features: The shapes that pass between them; number 0 is the image.
    """

    def __init__(self, axes: Mapping[str, Axis], base: Mapping[str, Any], task: Task) -> None:
        """Take the axes, the base network's data as written, and what networks are costed on."""
        self.axes = {name: len(axis.choices) for name, axis in axes.items()}
        self.features = Features()
        self.features.id(image(task.input_size, task.in_channels))
        pieces = Pieces(axes, base)
        blocks, downsamples = pieces.of_stages(BLOCK), pieces.of_stages(DOWNSAMPLE)
        before = [pieces.whole(STEM), *downsamples[1:]]
        head = pieces.whole(HEAD)
        tables = [
            StagePieces(pieces.extent(stage), blocks[stage], before[stage])
            for stage in range(pieces.stages)
        ]
        self.components: list[Component] = [
            StageComponent(pieces, table, self.axes, self.features) for table in tables
        ]
        self.components.append(
            HeadComponent(pieces, head, self.axes, self.features, task.num_classes)
        )

    @property
    def combinations(self) -> int:
        """How many combinations of labels there are."""
        return prod(self.axes.values())
