"""Meeting in the middle: the paths of an automaton, cut into two halves around one layer.

A network is a half path to a state, an edge of the cut layer, and a half path from there to the
end. All halves are listed with their costs, but pairs of halves are not. With n halves on either
side this takes n log n work for n * n networks.

Example: three left halves to a state cost 1, 5 and 8; from that state, edge and right half together
cost 2, 4 or 9. How many of the nine networks cost at most 10? The left halves leave 9, 5 and 2 for
the right. In the sorted list (2, 4, 9), a binary search finds 3, 2 and 1 entries up to these
values: 6 networks, without computing any of the nine sums.

The edges between two states often differ from those between two other states only by a constant,
for example by the cost of a downsampling that depends on the width before it. Then both lists are
one list and a shift: costs of 12 and 14 are (0, 2) with a shift of 12, and costs of 32 and 34 are
the same list with a shift of 32. Halves and lists with equal costs share one index.

Any layer can be cut; `cut` chooses the one with the least work to list and to ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designspace.sampling.count.automaton import State, States
from designspace.sampling.tables.part_tables import Ids, TooLargeError
from designspace.sampling.tables.wavelet import Ints

MOST = 1 << 24  # largest number of half paths in memory


@dataclass(frozen=True)
class Half:
    """Half paths to one state, or from it, in the order of their costs.

    Attributes:
        costs: Sums of the limited costs, (limited, n).
        edges: Edges of the paths, in the order of the layers, (layers, n).
        ends: Number of the last state of each path from the state, (n,); 0 for paths to the state.
    """

    costs: Ints
    edges: Ids
    ends: Ids

    def __len__(self) -> int:
        return len(self.ends)

    @cached_property
    def order(self) -> Ints:
        """The order of the paths by the last of the limited costs, as indices, (n,)."""
        return np.argsort(self.costs[-1]) if len(self.costs) else np.arange(len(self))


@dataclass(frozen=True, slots=True)
class Bridge:
    """All networks that pass from one state to another through the cut layer.

    Attributes:
        left: Half paths to the first state.
        edges: Edges between the states, in the order of their costs, (edges,).
        steps: Costs of the edges minus `shift`, (limited, edges).
        shift: Smallest cost of the edges, (limited, 1).
        right: Half paths from the second state.
    """

    left: Half
    edges: Ids
    steps: Ints
    shift: Ints
    right: Half


def paths_to(states: States) -> list[dict[State, int]]:
    """Count the paths to each state, layer by layer."""
    counts = [{states.start: 1}]
    for layer in states.layers:
        after: dict[State, int] = {}
        for state, number in counts[-1].items():
            for following, edges in layer.edges[state].items():
                after[following] = after.get(following, 0) + number * len(edges)
        counts.append(after)
    return counts


def paths_from(states: States) -> list[dict[State, int]]:
    """Count the paths from each state to the end, layer by layer."""
    counts = [dict.fromkeys(states.ends, 1)]
    for layer in reversed(states.layers):
        before = {
            state: sum(len(edges) * counts[0].get(after, 0) for after, edges in each.items())
            for state, each in layer.edges.items()
        }
        counts.insert(0, before)
    return counts


def extreme_path(states: States, column: int, *, most: bool) -> int | None:
    """Return the smallest or largest cost of a path; None if there is no path."""
    best = max if most else min
    found = {states.start: 0}
    for layer in states.layers:
        after: dict[State, int] = {}
        for state, so_far in found.items():
            for following, edges in layer.edges[state].items():
                costs = layer.costs[edges, column]
                value = so_far + int(costs.max() if most else costs.min())
                after[following] = best(after.get(following, value), value)
        found = after
    return best(found.values(), default=None)


def cut(states: States) -> int:
    """Return the layer to cut, the one with the least work to list and to ask its halves.

    Raises:
        TooLargeError: The lists of every cut are too long.
    """
    to, since = paths_to(states), paths_from(states)
    effort: dict[int, int] = {}
    for number, layer in enumerate(states.layers):
        asked = listed = 0
        for state, each in layer.edges.items():
            asked += len(each) * to[number][state]
        for after, rest in since[number + 1].items():
            width = max((len(e.get(after, ())) for e in layer.edges.values()), default=0)
            listed += width * rest
        halves = max(sum(to[number].values()), sum(since[number + 1].values()), listed, asked // 8)
        if halves <= MOST:
            effort[number] = asked + 2 * listed
    if not effort:
        raise TooLargeError
    return min(effort, key=lambda number: effort[number])


class Halves:
    """The bridges over one cut.

    Attributes:
        at: Index of the cut layer.
        bridges: All bridges over it.
    """

    def __init__(self, states: States, limited: Sequence[int], at: int) -> None:
        """Take an automaton, the columns of the limited costs, and the layer to cut."""
        self.at = at
        self._costs = [layer.costs.T[list(limited)] for layer in states.layers]
        self._ends = {state: number for number, state in enumerate(states.ends)}
        left, right = self._lefts(states), self._rights(states)
        self.bridges: list[Bridge] = []
        for state, each in states.layers[at].edges.items():
            for after, edges in each.items():
                if len(right[after]):
                    self.bridges.append(self._bridge(left[state], edges, right[after]))

    def _bridge(self, left: Half, edges: Ids, right: Half) -> Bridge:
        steps = self._costs[self.at][:, edges]
        shift = steps.min(axis=1, keepdims=True)
        order = _by_cost(steps)
        return Bridge(left, edges[order], steps[:, order] - shift, shift, right)

    def _lefts(self, states: States) -> Mapping[State, Half]:
        limited = len(self._costs[0])
        halves = {states.start: _empty(limited, 0)}
        for number, layer in enumerate(states.layers[: self.at]):
            parts: dict[State, list[Half]] = {}
            for state, each in layer.edges.items():
                for after, edges in each.items():
                    joined = _append(halves[state], edges, self._costs[number][:, edges])
                    parts.setdefault(after, []).append(joined)
            halves = {state: _merged(each) for state, each in parts.items()}
        return halves

    def _rights(self, states: States) -> Mapping[State, Half]:
        limited = len(self._costs[0])
        halves = {state: _empty(limited, number) for state, number in self._ends.items()}
        for number in range(len(states.layers) - 1, self.at, -1):
            parts: dict[State, list[Half]] = {}
            for state, each in states.layers[number].edges.items():
                joined = [
                    _prepend(edges, self._costs[number][:, edges], halves[after])
                    for after, edges in each.items()
                ]
                parts[state] = joined or [_none(limited, len(states.layers) - number)]
            halves = {state: _merged(each) for state, each in parts.items()}
        return halves


def _empty(limited: int, end: int) -> Half:
    """Return the only path without edges."""
    zeros = np.zeros((limited, 1), np.int64)
    return Half(zeros, np.zeros((0, 1), np.int32), np.full(1, end, np.int32))


def _none(limited: int, layers: int) -> Half:
    """Return no path at all, for a state that no valid component follows."""
    none = np.zeros((limited, 0), np.int64)
    return Half(none, np.zeros((layers, 0), np.int32), np.zeros(0, np.int32))


def _append(half: Half, edges: Ids, steps: Ints) -> Half:
    """Append each edge to each path."""
    paths, each = len(half), len(edges)
    before = np.repeat(half.edges, each, axis=1)
    last = np.tile(edges, paths)[None]
    return Half(sums(half.costs, steps), np.concatenate([before, last]), np.repeat(half.ends, each))


def _prepend(edges: Ids, steps: Ints, half: Half) -> Half:
    """Put each edge before each path."""
    each, paths = len(edges), len(half)
    first = np.repeat(edges, paths)[None]
    after = np.tile(half.edges, each)
    return Half(sums(steps, half.costs), np.concatenate([first, after]), np.tile(half.ends, each))


def sums(first: Ints, second: Ints) -> Ints:
    """Return the sums of each of the first (limited, n) with each of the second (limited, m)."""
    size = first.shape[1] * second.shape[1]
    return (first[:, :, None] + second[:, None]).reshape(len(first), size)


def _merged(halves: Sequence[Half]) -> Half:
    """Join half paths, in the order of their costs."""
    costs = np.concatenate([half.costs for half in halves], axis=1)
    edges = np.concatenate([half.edges for half in halves], axis=1)
    ends = np.concatenate([half.ends for half in halves])
    order = _by_cost(costs)
    return Half(costs[:, order], edges[:, order], ends[order])


def _by_cost(costs: Ints) -> Ints:
    """Return an order in which lists of the same costs become equal arrays."""
    return np.lexsort(tuple(costs[::-1])) if len(costs) else np.arange(len(costs.T))
