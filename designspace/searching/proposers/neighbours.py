"""The Hamming neighbours of a point: those that differ from it in a given number of labels.

A point is a row of label indices, one per axis. For (0, 1) with axes of 2 and 3 labels, the
neighbours at distance 1 are (1, 1), (0, 0) and (0, 2); at distance 2 they are (1, 0) and (1, 2).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence

from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Point


def row_of(axes: Mapping[str, Axis], point: Point, rng: random.Random) -> list[int]:
    """Return the label indices of a point; an axis without effect gets a random label."""
    labels = {name: point.get(name) or rng.choice(axis.labels) for name, axis in axes.items()}
    return [axes[name].labels.index(label) for name, label in labels.items()]


def neighbours(
    row: Sequence[int], sizes: Sequence[int], distance: int, rng: random.Random
) -> Iterator[list[int]]:
    """Yield the rows that differ from a row in exactly `distance` places.

    The order of the groups of places is random, and so is the order within a group.

    Args:
        row: Label indices, one per axis.
        sizes: Number of labels of each axis.
        distance: Number of places in which rows differ.
        rng: Random generator of the order.
    """
    places = list(itertools.combinations(range(len(sizes)), distance))
    rng.shuffle(places)
    for group in places:
        others = ([i for i in range(sizes[place]) if i != row[place]] for place in group)
        labels = list(itertools.product(*others))
        rng.shuffle(labels)
        for picked in labels:
            changed = list(row)
            for place, label in zip(group, picked, strict=True):
                changed[place] = label
            yield changed
