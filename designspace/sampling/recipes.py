"""The recipes of a space, and its networks each with each recipe.

The fields of a recipe mean the same whatever the others are, but for those that a rule of the
recipe joins. So the axes fall into groups, and the recipes are the product of what each one makes.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from designspace.errors import InputError
from designspace.sampling.count.bounds import Bounds
from designspace.sampling.count.networks import Batch, Networks
from designspace.sampling.tables.active_labels import active_labels
from designspace.sampling.tables.chain import Chain
from designspace.sampling.tables.components import label_indices
from designspace.sampling.tables.part_tables import TooLargeError
from designspace.sampling.tables.wavelet import Ints
from designspace.spec.documents.changes import keys_of
from designspace.spec.recipe.recipe import JOINED
from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Space

MOST = 1 << 14  # combinations of labels of one group


@dataclass(frozen=True, slots=True)
class Group:
    """Axes that must be looked at together, and the distinct valid ways to set them.

    Attributes:
        axes: The axes.
        rows: Label indices, the first that make each way, (ways, axes).
    """

    axes: tuple[str, ...]
    rows: Ints


class Recipes:
    """The distinct valid recipes of a space, by rank.

    Attributes:
        axes: Names of the axes of recipes.
        groups: Axes that go together; the recipes are all combinations of the groups' ways.
    """

    def __init__(self, space: Space) -> None:
        """Take a space with axes of the recipe.

        Raises:
            TooLargeError: Too many combinations of axes that go together.
        """
        self.axes = tuple(space.recipe_axes)
        self.groups = [_group(space, names) for names in _joined(space.recipe_axes)]
        self._sizes = [len(group.rows) for group in self.groups]

    def __len__(self) -> int:
        return prod(self._sizes)

    def take(self, ranks: Ints) -> Ints:
        """Label indices of the axes of recipes, (n, axes)."""
        labels = np.zeros((len(ranks), len(self.axes)), np.int64)
        which = label_indices(ranks, self._sizes)
        for number, group in enumerate(self.groups):
            columns = [self.axes.index(name) for name in group.axes]
            labels[:, columns] = group.rows[which[:, number]]
        return labels


def _group(space: Space, names: Sequence[str]) -> Group:
    axes = {name: space.axes[name] for name in names}
    if prod(len(axis.labels) for axis in axes.values()) > MOST:
        raise TooLargeError(f"{', '.join(names)} are coupled in more than {MOST:,} ways")
    found: dict[str | None, tuple[int, ...]] = {}
    for indices in itertools.product(*(range(len(axis.labels)) for axis in axes.values())):
        labels = {name: axes[name].labels[i] for name, i in zip(axes, indices, strict=True)}
        try:
            found.setdefault(space.recipe_digest(active_labels(axes, labels)), indices)
        except InputError:
            continue
    return Group(tuple(axes), np.array(list(found.values()), np.int64).reshape(-1, len(axes)))


def _joined(axes: Mapping[str, Axis]) -> list[list[str]]:
    """The axes in groups that share no field, no condition and no rule."""
    groups: list[tuple[set[str], list[str]]] = []
    for name, axis in axes.items():
        fields = {f"when {name}", *(f"when {other}" for other in axis.when)}
        for path in (path for label in axis.labels for path in axis.changes(label)):
            field = str(keys_of(path)[1])
            fields |= {field, *itertools.chain(*(each for each in JOINED if field in each))}
        names = [name]
        for group in [group for group in groups if group[0] & fields]:
            groups.remove(group)
            fields, names = fields | group[0], [*group[1], *names]
        groups.append((fields, names))
    return [[name for name in axes if name in names] for _, names in groups]


class Paired:
    """Every network of a space with every recipe; recipes cost nothing."""

    def __init__(self, networks: Networks, axes: Mapping[str, Axis], found: Recipes) -> None:
        """Take the networks, all axes of the space, and its recipes."""
        self._networks, self._recipes = networks, found
        self.chain: Chain = networks.chain
        self.axes, self.exact = axes, networks.exact
        self.total = networks.total * len(found)
        names = list(axes)
        own = [names.index(name) for name in networks.axes]
        others = [column for column in range(len(names)) if column not in own]
        self._order = np.argsort([*own, *others])

    def count(self, bounds: Bounds) -> int:
        """How many pairs have a network within bounds."""
        return self._networks.count(bounds) * len(self._recipes)

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """By the network's rank, then the recipe's."""
        network, recipe = np.divmod(ranks, len(self._recipes))
        batch = self._networks.take(bounds, network)
        labels = np.concatenate([batch.labels, self._recipes.take(recipe)], axis=1)
        return Batch(labels[:, self._order], batch.costs)

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """The networks'."""
        return self._networks.extreme(bounds, cost, most=most)

    def has(self, bounds: Bounds, name: str, label: str) -> bool:
        """The networks'; every one of them has every recipe."""
        return name not in self._networks.axes or self._networks.has(bounds, name, label)
