"""The recipes of a space, and the pairs of its networks and recipes.

The meaning of a recipe's field does not depend on the other fields, unless a rule of the recipe
joins them. So the axes fall into groups, and the recipes are the product of the groups. With two
groups of 3 and 4 distinct ways there are 12 recipes, found by looking at the groups one by one.
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

MOST = 1 << 14  # largest number of combinations of labels of one group


@dataclass(frozen=True, slots=True)
class Group:
    """Axes that must be considered together, and the distinct valid ways to set them.

    Attributes:
        axes: Names of the axes.
        rows: Label indices of each way, the first that make it, (ways, axes).
    """

    axes: tuple[str, ...]
    rows: Ints


class Recipes:
    """The distinct valid recipes of a space, by rank.

    Attributes:
        axes: Names of the axes over recipes.
        groups: Groups of axes; the recipes are all combinations of the groups' ways.
    """

    def __init__(self, space: Space) -> None:
        """Find the recipes of a space with axes over recipes.

        Raises:
            TooLargeError: A group of axes has too many combinations.
        """
        self.axes = tuple(space.recipe_axes)
        self.groups = [_group(space, names) for names in _joined(space.recipe_axes)]
        self._sizes = [len(group.rows) for group in self.groups]

    def __len__(self) -> int:
        return prod(self._sizes)

    def take(self, ranks: Ints) -> Ints:
        """Return the label indices of the recipes of some ranks, (n, axes)."""
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
    """Return the axes in groups that do not share a field, a condition or a rule."""
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
    """Every network of a space with every recipe; recipes do not change the cost."""

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
        """Return the number of pairs with a network within bounds."""
        return self._networks.count(bounds) * len(self._recipes)

    def take(self, bounds: Bounds, ranks: Ints) -> Batch:
        """Return the pairs of these ranks, ordered by the network's rank, then the recipe's."""
        network, recipe = np.divmod(ranks, len(self._recipes))
        batch = self._networks.take(bounds, network)
        labels = np.concatenate([batch.labels, self._recipes.take(recipe)], axis=1)
        return Batch(labels[:, self._order], batch.costs)

    def extreme(self, bounds: Bounds, cost: str, *, most: bool) -> int | None:
        """Return the extreme of the networks."""
        return self._networks.extreme(bounds, cost, most=most)

    def has(self, bounds: Bounds, name: str, label: str) -> bool:
        """Return whether a network within bounds has a label; every label of a recipe does."""
        return name not in self._networks.axes or self._networks.has(bounds, name, label)
