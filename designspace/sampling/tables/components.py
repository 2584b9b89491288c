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


Vector: TypeAlias = tuple[int, int, int]  # parameters, multiply-adds, activations
NOTHING: Vector = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Made:
    """One component on given features, at any depth.

    Attributes:
        first: The cost with one block.
        more: The costs of the blocks after it, which repeat themselves.
        out: The number of the features given.
        identity: Equal where the component means the same.
    """

    first: Vector
    out: int
    identity: int
    more: tuple[Vector, ...] = (NOTHING,)


def costs_at(depths: Ids, first: Ints, more: Ints) -> Ints:
    """The costs of k components at each depth, (k, depths, 3), from (k, 3) and (k, period, 3)."""
    times, rest = np.divmod(np.maximum(depths.astype(np.int64) - 1, 0), more.shape[1])
    before = np.cumsum(np.pad(more, ((0, 0), (1, 0), (0, 0))), axis=1)
    whole = times[None, :, None] * before[:, -1:]
    return first[:, None] + whole + before[:, rest]


@dataclass(frozen=True, slots=True)
class MadeTable:
    """What was made so far, a row per key; the first row is a refusal.

    Attributes:
        keys: Numbers of the features and the values together, sorted, (n,).
        costs: At each depth, (n, depths, 3).
        out: The features given, (n,); -1 where nothing valid was made.
        identity: Equal where the component means the same, (n,).
    """

    keys: Ints
    costs: Ints
    out: Ids
    identity: Ints

    @staticmethod
    def refusal(depths: int) -> MadeTable:
        """Nothing yet, but the row for what is refused before it is made."""
        none = np.zeros((1, depths, 3), np.int64)
        key, zero = np.full(1, REFUSED, np.int64), np.zeros(1, np.int64)
        return MadeTable(key, none, np.full(1, REFUSED, np.int32), zero)

    def missing(self, keys: Ints) -> Ints:
        """Those of some keys, sorted, of which there is no row."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return keys[self.keys[place] != keys]

    def joined(self, keys: Ints, made: Sequence[Made | None], depths: Ids) -> MadeTable:
        """These rows and those of more keys."""
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
    """What a component's rows hold of one part: the different values, and the place of each row's.

    Attributes:
        values: Numbers of values, each once, in order; -1 is a refusal.
        which: The place of each row's value among them, (rows,).
    """

    values: Ids
    which: Ints


class Component(ABC):
    """One link of the chain: columns of values, a row per combination of its axes' labels."""

    def __init__(self, axes: Sequence[str], sizes: Sequence[int], columns: Sequence[Ids]) -> None:
        """Take its axes, their numbers of labels, and columns of values, -1 where refused."""
        self.axes, self.sizes = tuple(axes), tuple(sizes)
        self.columns = [Column(*np.unique(each, return_inverse=True)) for each in columns]

    @cached_property
    def _refused(self) -> NDArray[np.bool_]:
        """Which rows make nothing valid on any features, (rows,)."""
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
        """Which of the depths each row has."""
        return np.zeros(self.rows, np.int32)

    depths: Ids = np.zeros(1, np.int32)

    @cached_property
    def made(self) -> MadeTable:
        """What was made so far."""
        return MadeTable.refusal(len(self.depths))

    def on(self, features: Ids, rows: Ints) -> Priced:
        """Rows on features: both of shape (n,), taken in pairs; -1 for features is refused."""
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
        """The features' number and the value in each column, of each key."""
        parts: list[list[int]] = []
        for known, _ in reversed(self.columns):
            keys, index = np.divmod(keys, len(known))
            parts.append(known[index].tolist())
        return zip(keys.tolist(), *reversed(parts), strict=True)

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


def vector(cost: Cost) -> Vector:
    """Parameters, multiply-adds, activations."""
    return cost.params, cost.macs, cost.acts


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
