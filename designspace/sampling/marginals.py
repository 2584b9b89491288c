"""The exact share of each label among the networks of a space within limits.

If there are too many networks to list, the networks through each edge of the automaton are counted
by its half paths: each half is asked for the number of its partners within the limits. With left
halves that cost 1, 5 and 8, right sides that cost 2, 4 and 9 and a limit of 10, the left halves
have 3, 2 and 1 partners, and so have the right sides. So 3/6, 2/6 and 1/6 of the 6 networks pass
through the three left halves. The share of a label is the sum over the edges that it makes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from designspace.sampling.count.automaton import Layer, States
from designspace.sampling.count.bounds import Bounds
from designspace.sampling.count.meet_in_the_middle import Bridge, Halves, cut
from designspace.sampling.count.networks import FEW, Networks, networks
from designspace.sampling.count.range_queries import Index, index
from designspace.sampling.feasible import Draw, Feasible
from designspace.sampling.recipes import Recipes
from designspace.sampling.space import CountedSpace
from designspace.sampling.tables.chain import Chain
from designspace.sampling.tables.components import COSTS, label_indices
from designspace.sampling.tables.part_tables import Ids, TooLargeError
from designspace.sampling.tables.wavelet import Ints
from designspace.spec.space.axis import Axis

Weights = NDArray[np.float64]
Marginals = Mapping[str, Weights]


def marginals(space: CountedSpace, feasible: Feasible) -> Marginals:
    """Return the share of the networks with each label, for each axis: the limit of uniform draws.

    A network in which an axis has no effect counts for none of its labels. If several labels make
    the same network, it counts for the first of them, as in `Feasible.draw`.

    Args:
        space: Space with the axes.
        feasible: Networks of the space within limits, at least one.
    """
    found = dict(_of_networks(feasible.chain, feasible.bounds))
    if space.recipe_axes:
        for group in Recipes(space).groups:
            axes = {name: space.axes[name] for name in group.axes}
            found |= _shares(axes, group.rows, np.ones(len(group.rows)))
    return {name: found[name] for name in feasible.axes}


def _of_networks(chain: Chain, bounds: Bounds) -> Marginals:
    if chain.combinations <= FEW:
        return _listed(networks(chain), bounds)
    try:
        return through_edges(chain, bounds)
    except TooLargeError:
        return _listed(networks(chain), bounds)


def _listed(found: Networks, bounds: Bounds) -> Marginals:
    batch = found.take(bounds, np.arange(found.count(bounds)))
    return _shares(found.axes, batch.labels, np.ones(len(batch.labels)))


def _shares(axes: Mapping[str, Axis], labels: Ints, weights: Weights) -> dict[str, Weights]:
    """Return shares from label indices (n, axes); each row stands for `weights` networks, (n,)."""
    nothing = np.zeros(len(labels), np.int64)
    active = Draw(axes, labels, nothing, nothing, nothing).active()
    total = weights.sum()
    return {
        name: np.bincount(
            labels[active[:, i], i], weights[active[:, i]], minlength=len(axis.labels)
        )
        / total
        for i, (name, axis) in enumerate(axes.items())
    }


def through_edges(chain: Chain, bounds: Bounds) -> Marginals:
    """Return the share of each label without listing networks.

    Raises:
        TooLargeError: The automaton has too many states, or its halves are too long.
    """
    states = States(chain)
    limited = [COSTS.index(name) for name in bounds.limited]
    halves = Halves(states, limited, cut(states))
    counted = _Counted(states, _Partners(bounds))
    for bridge in halves.bridges:
        counted.add(bridge)
    found = {name: np.eye(1, size)[0] for name, size in chain.sizes.items()}  # touches nothing
    for layer, edges, settings, weights in counted.rows():
        axes = {name: chain.axes[name] for name in layer.component.axes}
        labels = label_indices(layer.rows_of(edges, settings), layer.component.sizes)
        found |= _shares(axes, labels, weights)
    return found


class _Partners:
    """A counter of the half paths that complete each half path of another list within bounds.

    Lists with equal costs are sorted and asked only once.
    """

    def __init__(self, bounds: Bounds) -> None:
        window = np.array([bounds.of(name) for name in bounds.limited], np.int64).reshape(-1, 2)
        self._low, self._high = window[:, :1], window[:, 1:]
        self._indexes: dict[bytes, Index] = {}
        self._known: dict[tuple[bytes, bytes, bytes], Weights] = {}

    def of(self, asked: Ints, others: Ints, shift: Ints) -> Weights:
        """Count the others that fit each of the asked, (n,), from (limited, n) and (limited, m)."""
        own = _digest(others)
        key = (_digest(asked), own, shift.tobytes())
        if key not in self._known:
            if own not in self._indexes:
                self._indexes[own] = index(others)
            low, high = self._low - shift - asked, self._high - shift - asked
            order = np.argsort(asked[-1] if len(asked) else np.zeros(asked.shape[1], np.int64))
            self._known[key] = self._indexes[own].count(low, high, order).astype(np.float64)
        return self._known[key]


def _digest(costs: Ints) -> bytes:
    return hashlib.blake2b(costs.shape[1].to_bytes(8, "little") + costs.tobytes()).digest()


class _Counted:
    """The number of networks through each edge, for each state that they end in."""

    def __init__(self, states: States, partners: _Partners) -> None:
        self._states, self._partners = states, partners
        self._weights = [
            np.zeros((len(states.ends), len(layer.costs)), np.float64) for layer in states.layers
        ]

    def add(self, bridge: Bridge) -> None:
        """Add the networks over one bridge."""
        for end in np.unique(bridge.right.ends).tolist():
            self._ending(bridge, end)

    def _ending(self, bridge: Bridge, end: int) -> None:
        left, rows = bridge.left, np.flatnonzero(bridge.right.ends == end)
        onward = bridge.steps[:, :, None] + bridge.right.costs[:, None, rows]
        onward = onward.reshape(len(bridge.steps), len(bridge.edges) * len(rows))
        before = self._partners.of(left.costs, onward, bridge.shift)
        after = self._partners.of(onward, left.costs, bridge.shift).reshape(-1, len(rows))
        parts = [(left.edges, before), (bridge.edges[None], after.sum(axis=1))]
        layer = 0
        for edges, weights in [*parts, (bridge.right.edges[:, rows], after.sum(axis=0))]:
            for column in edges:
                row = self._weights[layer][end]
                row += np.bincount(column, weights, minlength=len(row))
                layer += 1

    def rows(self) -> Iterator[tuple[Layer, Ids, Ids, Weights]]:
        """Yield each layer with edges, settings and numbers of networks, (n,) each."""
        first = [(state.settings & -state.settings).bit_length() - 1 for state in self._states.ends]
        for layer, weights in zip(self._states.layers, self._weights, strict=True):
            ends, edges = np.nonzero(weights)
            settings = np.array(first, np.int32)[ends]
            yield layer, edges.astype(np.int32), settings, weights[ends, edges]
