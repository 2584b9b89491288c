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
        axes: Axes over networks.
        base: Data of the base network, as written.
        task: Task on which the networks are costed.
        sizes: Number of labels of each axis.
        components: Stem with the first stage, the other stages, and the head.
    """

    def __init__(
        self,
        axes: Mapping[str, Axis],
        base: Mapping[str, Any],
        task: Task,
        components: Sequence[Component] = (),
    ) -> None:
        """Compile a chain, or take the components of an earlier run.

        Args:
            axes: Axes over networks.
            base: Data of the base network, as written.
            task: Task on which the networks are costed.
            components: Components of an equal chain from an earlier run; if empty, they are
                compiled.

        Raises:
            TooLargeError: The space does not decompose: an axis changes something outside the parts
                of the chain, or the axes that touch one part have too many combinations.
        """
        self.axes, self.base, self.task = axes, base, task
        self.sizes = {name: len(axis.choices) for name, axis in axes.items()}
        self.components = list(components) or self._compiled()

    def _compiled(self) -> list[Component]:
        """Return the components, each with the numbers of its values, but nothing made yet."""
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
        """The number of combinations of labels."""
        return prod(self.sizes.values())

    def run(self, labels: Ints) -> Iterator[Priced]:
        """Yield the result of each component for networks given by label indices, (n, axes)."""
        names = list(self.axes)
        feature = np.zeros(len(labels), np.int32)
        for component in self.components:
            columns = [names.index(name) for name in component.axes]
            rows = flat_rows(labels, columns, component.sizes)
            found = component.on(feature, rows)
            feature = found.out
            yield found

    def costs(self, labels: Ints) -> Ints:
        """Return parameters, multiply-adds and activations of networks, (n, 3).

        All three are -1 if the labels do not make a valid network.

        Args:
            labels: Label indices, (n, axes).
        """
        costs = np.zeros((len(labels), 3), np.int64)
        valid = np.ones(len(labels), bool)
        for found in self.run(labels):
            costs += found.costs
            valid &= found.out >= 0
        costs[~valid] = REFUSED
        return costs
