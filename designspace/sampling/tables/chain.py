"""A space as a chain of components, compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from designspace.layers.feature import image
from designspace.sampling.tables.components import REFUSED, Component, Features, Priced, flat_rows
from designspace.sampling.tables.head_component import HeadComponent
from designspace.sampling.tables.part_tables import Pieces, TooLargeError
from designspace.sampling.tables.stage_component import StageComponent, StagePieces
from designspace.sampling.tables.touched_parts import BLOCK, DOWNSAMPLE, HEAD, ROOTS, STEM, touch
from designspace.sampling.tables.wavelet import Ints
from designspace.sampling.task import Task
from designspace.spec.space.axis import Axis

_KNOWN = frozenset(root for roots in ROOTS.values() for root in roots) | {"input_size", "name"}


class Chain:
    """The components of a space's networks, in order.

    Attributes:
        axes: The axes over networks.
        base: The base network's data as it was written.
        task: What the networks are costed on.
        sizes: The number of labels of each axis.
        components: The stem with the first stage, the other stages, the head.
    """

    def __init__(
        self,
        axes: Mapping[str, Axis],
        base: Mapping[str, Any],
        task: Task,
        components: Sequence[Component] = (),
    ) -> None:
        """Take the axes, the base network's data as written, and what networks are costed on.

        Args:
            axes: The axes over networks.
            base: The base network's data as it was written.
            task: What the networks are costed on.
            components: Those of an equal chain, from an earlier run; else they are compiled.

        Raises:
            TooLargeError: The space does not decompose: an axis changes what is no part of the
                chain, or widths that are quantised together come of too many combinations.
        """
        self.axes, self.base, self.task = axes, base, task
        self.sizes = {name: len(axis.choices) for name, axis in axes.items()}
        self.components = list(components) or self._compiled()

    def _compiled(self) -> list[Component]:
        """The components, each with the numbers of its values but with nothing made yet."""
        axes, base, task = self.axes, self.base, self.task
        for name, path in ((name, path) for name, axis in axes.items() for path in axis.paths):
            if touch(path).root not in _KNOWN:
                raise TooLargeError(f"axis {name} changes {path}, which is not a part by itself")
        features = Features()  # the shapes between components; number 0 is the image
        features.id(image(task.input_size, task.in_channels))
        pieces = Pieces(axes, base)
        blocks, downsamples = pieces.of_stages(BLOCK), pieces.of_stages(DOWNSAMPLE)
        before = [pieces.whole(STEM), *downsamples[1:]]
        head = pieces.whole(HEAD)
        shrinks = downsamples[:1] if base.get("downsample_first") else []
        tables = [
            StagePieces(pieces.extent(stage), blocks[stage], before[stage], *shrinks[stage:])
            for stage in range(pieces.stages)
        ]
        return [
            *(StageComponent(pieces, table, self.sizes, features) for table in tables),
            HeadComponent(pieces, head, self.sizes, features, task.num_classes),
        ]

    @property
    def combinations(self) -> int:
        """How many combinations of labels there are."""
        return prod(self.sizes.values())

    def run(self, labels: Ints) -> Iterator[Priced]:
        """What each component makes of networks given by indices of labels, (n, axes)."""
        names = list(self.axes)
        feature = np.zeros(len(labels), np.int32)
        for component in self.components:
            columns = [names.index(name) for name in component.axes]
            rows = flat_rows(labels, columns, component.sizes)
            found = component.on(feature, rows)
            feature = found.out
            yield found

    def costs(self, labels: Ints) -> Ints:
        """Parameters, multiply-adds and activations of networks given by labels, (n, 3).

        All -1 where the labels make no valid network.
        """
        costs = np.zeros((len(labels), 3), np.int64)
        valid = np.ones(len(labels), bool)
        for found in self.run(labels):
            costs += found.costs
            valid &= found.out >= 0
        costs[~valid] = REFUSED
        return costs
