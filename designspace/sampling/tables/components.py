"""A network as a chain of components, and what each costs under every combination of labels.

The first component is the stem with the first stage, since the stem may take that stage's width;
then come the other stages, each with the downsampling before it, and the head. A component knows
of those before it only the shape of the features that it gets.

So a component is priced once per (shape, values) and not once per network. A stage of 8 rows behind
3 widths of the stage before it is priced 24 times at most, however many networks contain it; and as
a stage of depth 5 costs its first block and four times the next, all depths come out of one run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.sampling.tables.part_tables import Extent, Ids, Piece, Pieces
from designspace.sampling.tables.wavelet import Ints

REFUSED = -1
COSTS = ("params", "macs", "acts")


class Features:
    """The shapes between components, by number."""

    def __init__(self) -> None:
        self.known: list[Feature] = []
        self._ids: dict[Feature, int] = {}

    def id(self, feature: Feature) -> int:
        """The number of a shape."""
        if feature not in self._ids:
            self._ids[feature] = len(self.known)
            self.known.append(feature)
        return self._ids[feature]


@dataclass(frozen=True, slots=True)
class Priced:
    """What n combinations of labels make of the features that they get.

    Attributes:
        costs: Parameters, multiply-adds and activations, (n, 3); 0 where refused.
        out: The features given, (n,); -1 where the labels make nothing valid.
        meaning: Equal where the component means the same, (n,).
    """

    costs: Ints
    out: Ids
    meaning: Ints


@dataclass(frozen=True, slots=True)
class Made:
    """One component on given features, for every depth that occurs: costs of shape (depths, 3)."""

    costs: Ints
    out: int
    identity: int


class Component(ABC):
    """One link of the chain: columns of values, a row a combination of its axes' labels."""

    def __init__(self, axes: Sequence[str], sizes: Sequence[int], columns: Sequence[Ids]) -> None:
        """Take its axes, their numbers of labels, and columns of values, -1 where refused."""
        self.axes, self.sizes = tuple(axes), tuple(sizes)
        self._columns = [np.unique(column, return_inverse=True) for column in columns]
        self._made: dict[int, Made | None] = {}
        refused = np.zeros(self.rows, bool)
        for column in columns:
            refused |= column < 0
        self._refused = refused

    @property
    def rows(self) -> int:
        """Number of combinations of labels."""
        return int(np.prod(self.sizes, dtype=np.int64))

    @cached_property
    def depth_of(self) -> Ids:
        """Which of the depths each row has."""
        return np.zeros(self.rows, np.int32)

    depths: Ids = np.zeros(1, np.int32)

    def on(self, features: Ids, rows: Ints) -> Priced:
        """Rows on features: both of shape (n,), taken in pairs."""
        key = features.astype(np.int64)
        for values, inverse in self._columns:
            key = key * len(values) + inverse[rows]
        key = np.where(self._refused[rows], REFUSED, key)
        found_keys = distinct(key + 1)
        made = [self._once(int(each) - 1) for each in found_keys.values]
        nothing = Made(np.zeros((len(self.depths), 3), np.int64), REFUSED, 0)
        found = [each or nothing for each in made]
        depth = self.depth_of[rows]
        identity = np.array([each.identity for each in found], np.int64)[found_keys.which]
        return Priced(
            costs=np.stack([each.costs for each in found])[found_keys.which, depth],
            out=np.array([each.out for each in found], np.int32)[found_keys.which],
            meaning=identity * len(self.depths) + depth,
        )

    def _once(self, key: int) -> Made | None:
        if key == REFUSED:
            return None
        if key not in self._made:
            self._made[key] = self._make(*self._unpacked(key))
        return self._made[key]

    def _unpacked(self, key: int) -> list[int]:
        """The features' number and the value in each column."""
        values: list[int] = []
        for known, _ in reversed(self._columns):
            key, index = divmod(key, len(known))
            values.append(int(known[index]))
        return [key, *reversed(values)]

    @abstractmethod
    def _make(self, feature: int, *values: int) -> Made | None:
        """One of its values on features, by number; None where they make nothing valid."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """The different ones among n whole numbers.

    Attributes:
        values: Each once, in order.
        which: The place of each number among them, (n,).
    """

    values: Ints
    which: Ints

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.values)


def distinct(numbers: Ints) -> Distinct:
    """The different ones among whole numbers from 0 on; without sorting where they are small."""
    most = int(numbers.max(initial=0))
    if most > 8 * len(numbers) + 1024:
        return Distinct(*np.unique(numbers, return_inverse=True))
    there = np.zeros(most + 1, bool)
    there[numbers] = True
    place = np.cumsum(there) - 1
    return Distinct(np.flatnonzero(there), place[numbers])


def spread(piece: Piece, axes: Sequence[str], sizes: Sequence[int]) -> Ids:
    """A piece's table over more axes than its own, flat."""
    own = dict(zip(piece.axes, piece.ids.shape, strict=True))
    narrow = piece.ids.reshape([own.get(name, 1) for name in axes])
    return np.broadcast_to(narrow, tuple(sizes)).reshape(-1)


def vector(cost: Cost) -> list[int]:
    """Parameters, multiply-adds, activations."""
    return [cost.params, cost.macs, cost.acts]


def extents_of(pieces: Pieces, ids: Ids) -> NDArray[Any]:
    """Depth, width and number of stages of each id, (n, 3)."""
    known = pieces.extents or [Extent(0, 0, 0)]
    table = np.array([[each.depth, each.width, each.stages] for each in known], np.int64)
    return table[ids]


def label_indices(rows: Ints, sizes: Sequence[int]) -> Ints:
    """Rows of a flat table as indices of labels, (n, axes)."""
    if not sizes:
        return np.zeros((len(rows), 0), np.int64)
    return np.stack(np.unravel_index(rows, sizes), axis=1).astype(np.int64)


def flat_rows(labels: Ints, columns: Sequence[int], sizes: Sequence[int]) -> Ints:
    """Rows of a flat table over some axes, from indices of the labels of all axes, (n, axes)."""
    row = np.zeros(len(labels), np.int64)
    for column, size in zip(columns, sizes, strict=True):
        row = row * size + labels[:, column]
    return row
