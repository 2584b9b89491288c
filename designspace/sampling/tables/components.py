"""A network as a chain of components, and the cost of each for every combination of labels.

The first component is the stem with the first stage, because the stem may take that stage's width.
Then follow the other stages, each with the downsampling before it, and the head. A component only
depends on earlier ones through the shape of its input features.

So a component is priced once per (shape, values) and not once per network. A stage of 8 rows after
a stage of 3 widths is priced at most 24 times, however many networks contain it. A stage of depth 5
costs its first block and four times the next one, so one run gives the costs of all depths.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

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
        """Return the number of a shape."""
        if feature not in self._ids:
            self._ids[feature] = len(self.known)
            self.known.append(feature)
        return self._ids[feature]


@dataclass(frozen=True, slots=True)
class Priced:
    """The results of one component for n pairs of features and labels.

    Attributes:
        costs: Parameters, multiply-adds and activations, (n, 3); 0 if refused.
        out: Numbers of the output features, (n,); -1 if the labels do not make a valid component.
        meaning: Numbers that are equal if the component means the same, (n,).
    """

    costs: Ints
    out: Ids
    meaning: Ints


Vector: TypeAlias = tuple[int, int, int]  # parameters, multiply-adds, activations
NOTHING: Vector = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Made:
    """One component on given features, at any depth.

    Attributes:
        first: Cost with one block.
        out: Number of the output features.
        identity: Number that is equal if the component means the same.
        more: Costs of one period of the blocks after the first.
    """

    first: Vector
    out: int
    identity: int
    more: tuple[Vector, ...] = (NOTHING,)


def costs_at(depths: Ids, first: Ints, more: Ints) -> Ints:
    """Return the costs of k components at each depth, (k, depths, 3).

    The blocks after the first repeat with a period. With costs of 10 for the first block and a
    period of (3, 4), the costs at the depths 1 to 4 are 10, 13, 17 and 20.

    Args:
        depths: Depths, (depths,).
        first: Costs with one block, (k, 3).
        more: Costs of one period of the later blocks, (k, period, 3).
    """
    times, rest = np.divmod(np.maximum(depths.astype(np.int64) - 1, 0), more.shape[1])
    before = np.cumsum(np.pad(more, ((0, 0), (1, 0), (0, 0))), axis=1)
    whole = times[None, :, None] * before[:, -1:]
    return first[:, None] + whole + before[:, rest]


@dataclass(frozen=True, slots=True)
class MadeTable:
    """The components made so far, one row per key; the first row is a refusal.

    Attributes:
        keys: Sorted keys, each one number for features and values together, (n,).
        costs: Costs at each depth, (n, depths, 3).
        out: Numbers of the output features, (n,); -1 if nothing valid was made.
        identity: Numbers that are equal if the component means the same, (n,).
    """

    keys: Ints
    costs: Ints
    out: Ids
    identity: Ints

    @staticmethod
    def refusal(depths: int) -> MadeTable:
        """Return a table with only the row for keys that are refused before they are made."""
        none = np.zeros((1, depths, 3), np.int64)
        key, zero = np.full(1, REFUSED, np.int64), np.zeros(1, np.int64)
        return MadeTable(key, none, np.full(1, REFUSED, np.int32), zero)

    def missing(self, keys: Ints) -> Ints:
        """Return those of some sorted keys that have no row."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return keys[self.keys[place] != keys]

    def joined(self, keys: Ints, made: Sequence[Made | None], depths: Ids) -> MadeTable:
        """Return a table of these rows and the rows of more keys."""
        costs = np.zeros((len(keys), len(depths), 3), np.int64)
        for period in {len(each.more) for each in made if each}:
            some = [i for i, each in enumerate(made) if each and len(each.more) == period]
            own = [each for each in (made[i] for i in some) if each]
            first, more = [each.first for each in own], [each.more for each in own]
            costs[some] = costs_at(depths, np.array(first), np.array(more))
        out = np.array([each.out if each else REFUSED for each in made], np.int32)
        identity = np.array([each.identity if each else 0 for each in made], np.int64)
        order = np.argsort(np.concatenate([self.keys, keys]))
        return MadeTable(
            keys=np.concatenate([self.keys, keys])[order],
            costs=np.concatenate([self.costs, costs])[order],
            out=np.concatenate([self.out, out])[order],
            identity=np.concatenate([self.identity, identity])[order],
        )


class Column(NamedTuple):
    """The values of one part in a component's rows: the distinct values, and an index per row.

    Attributes:
        values: Numbers of distinct values, in order; -1 is a refusal.
        which: Index of each row's value among them, (rows,).
    """

    values: Ids
    which: Ints


class Component(ABC):
    """One link of the chain: columns of values, one row per combination of its axes' labels."""

    def __init__(self, axes: Sequence[str], sizes: Sequence[int], columns: Sequence[Ids]) -> None:
        """Take the axes, their numbers of labels, and columns of values (rows,), -1 if refused."""
        self.axes, self.sizes = tuple(axes), tuple(sizes)
        self.columns = [Column(*np.unique(each, return_inverse=True)) for each in columns]

    @cached_property
    def _refused(self) -> NDArray[np.bool_]:
        """Whether each row is invalid on all features, (rows,)."""
        refused = np.zeros(self.rows, bool)
        for column in self.columns:
            refused |= (column.values < 0)[column.which]
        return refused

    @property
    def rows(self) -> int:
        """Number of combinations of labels."""
        return int(np.prod(self.sizes, dtype=np.int64))

    @cached_property
    def depth_of(self) -> Ids:
        """The index of each row's depth in `depths`, (rows,)."""
        return np.zeros(self.rows, np.int32)

    depths: Ids = np.zeros(1, np.int32)

    @cached_property
    def made(self) -> MadeTable:
        """The table of what was made so far."""
        return MadeTable.refusal(len(self.depths))

    def on(self, features: Ids, rows: Ints) -> Priced:
        """Price pairs of features and rows, (n,) each; features of -1 are refused."""
        key = features.astype(np.int64)
        for values, inverse in self.columns:
            key = key * len(values) + inverse[rows]
        key = np.where(self._refused[rows] | (features < 0), REFUSED, key)
        found = distinct(key + 1)
        keys = found.values - 1
        missing = self.made.missing(keys)
        if len(missing):
            made = [self._make(*values) for values in self._unpacked(missing)]
            self.made = self.made.joined(missing, made, self.depths)
        place = np.searchsorted(self.made.keys, keys)[found.which]
        depth = self.depth_of[rows]
        return Priced(
            costs=self.made.costs[place, depth],
            out=self.made.out[place],
            meaning=self.made.identity[place] * len(self.depths) + depth,
        )

    def _unpacked(self, keys: Ints) -> Iterator[tuple[int, ...]]:
        """Yield the number of the features and the value in each column, for each key."""
        parts: list[list[int]] = []
        for known, _ in reversed(self.columns):
            keys, index = np.divmod(keys, len(known))
            parts.append(known[index].tolist())
        return zip(keys.tolist(), *reversed(parts), strict=True)

    @abstractmethod
    def _make(self, feature: int, *values: int) -> Made | None:
        """Make the component of some values on features, by number; None if it is not valid."""


@dataclass(frozen=True, slots=True)
class Distinct:
    """The distinct values among n whole numbers.

    Attributes:
        values: Distinct values, in order.
        which: Index of each number among them, (n,).
    """

    values: Ints
    which: Ints

    @property
    def count(self) -> int:
        """The number of distinct values."""
        return len(self.values)


def distinct(numbers: Ints) -> Distinct:
    """Return the distinct values of whole numbers from 0 on; small numbers need no sorting."""
    most = int(numbers.max(initial=0))
    if most > 8 * len(numbers) + 1024:
        return Distinct(*np.unique(numbers, return_inverse=True))
    there = np.zeros(most + 1, bool)
    there[numbers] = True
    place = np.cumsum(there) - 1
    return Distinct(np.flatnonzero(there), place[numbers])


def spread(piece: Piece, axes: Sequence[str], sizes: Sequence[int]) -> Ids:
    """Return a piece's table over more axes than its own, flat, (rows,)."""
    own = dict(zip(piece.axes, piece.ids.shape, strict=True))
    narrow = piece.ids.reshape([own.get(name, 1) for name in axes])
    return np.broadcast_to(narrow, tuple(sizes)).reshape(-1)


def vector(cost: Cost) -> Vector:
    """Return parameters, multiply-adds and activations."""
    return cost.params, cost.macs, cost.acts


def extents_of(pieces: Pieces, ids: Ids) -> NDArray[Any]:
    """Return depth, width and number of stages of each id, (n, 3)."""
    known = pieces.extents or [Extent(0, 0, 0)]
    table = np.array([[each.depth, each.width, each.stages] for each in known], np.int64)
    return table[ids]


def label_indices(rows: Ints, sizes: Sequence[int]) -> Ints:
    """Return the label indices of rows of a flat table, (n, axes)."""
    if not sizes:
        return np.zeros((len(rows), 0), np.int64)
    return np.stack(np.unravel_index(rows, sizes), axis=1).astype(np.int64)


def flat_rows(labels: Ints, columns: Sequence[int], sizes: Sequence[int]) -> Ints:
    """Return rows of a flat table over some axes, (n,), from all axes' label indices (n, axes)."""
    row = np.zeros(len(labels), np.int64)
    for column, size in zip(columns, sizes, strict=True):
        row = row * size + labels[:, column]
    return row
