"""A large space within limits: its networks counted exactly and told by rank."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from designspace.algebra.halves import Bridge, Half, Halves
from designspace.algebra.pieces import Ids
from designspace.algebra.states import States
from designspace.algebra.wavelet import Ints
from designspace.algebra.windows import Index, index


@dataclass(frozen=True, slots=True)
class Window:
    """Bounds of the limited costs, both included, (limited,) each."""

    low: Ints
    high: Ints

    def around(self, costs: Ints) -> tuple[Ints, Ints]:
        """What is left of the window for others, beside each of these costs, (n, limited)."""
        return self.low - costs, self.high - costs


@dataclass(frozen=True, slots=True)
class _Counted:
    """A bridge with its index, and up to which rank each of its left halves reaches."""

    bridge: Bridge
    index: Index
    upto: Ints

    @property
    def count(self) -> int:
        return int(self.upto[-1]) if len(self.upto) else 0


class Indexed:
    """The bridges of a cut with an index each, shared where they cost the same."""

    def __init__(self, states: States, limited: Sequence[int], at: int) -> None:
        """Take an automaton, the columns of the limited costs, and the layer to cut."""
        self.states, self.limited, self.at = states, tuple(limited), at
        self._known: dict[tuple[bytes, ...], Index] = {}
        self._digests: dict[int, bytes] = {}
        self.bridges = [
            (bridge, *self._index(bridge)) for bridge in Halves(states, limited, at).bridges
        ]

    def within(self, window: Window) -> Within:
        """What lies in a window."""
        return Within(self, window)

    def counts(self, window: Window) -> list[_Counted]:
        """Every bridge with the ranks of its left halves in a window."""
        known: dict[tuple[bytes, ...], Ints] = {}
        found: list[_Counted] = []
        for bridge, own, key in self.bridges:
            both = (*key, self.digest(bridge.left), bridge.shift.tobytes())
            if both not in known:
                low, high = window.around(bridge.left.costs + bridge.shift)
                known[both] = np.cumsum(own.count(low, high))
            found.append(_Counted(bridge, own, known[both]))
        return found

    def digest(self, half: Half) -> bytes:
        """Equal for halves of equal costs."""
        if id(half) not in self._digests:
            size = len(half).to_bytes(8, "little")
            self._digests[id(half)] = hashlib.blake2b(size + half.costs.tobytes()).digest()
        return self._digests[id(half)]

    def _index(self, bridge: Bridge) -> tuple[Index, tuple[bytes, ...]]:
        key = (
            len(bridge.steps).to_bytes(8, "little"),
            bridge.steps.tobytes(),
            len(bridge.right).to_bytes(8, "little"),
            self.digest(bridge.right),
        )
        if key not in self._known:
            both = bridge.steps[:, None] + bridge.right.costs[None]
            pairs = len(bridge.steps) * len(bridge.right)
            self._known[key] = index(both.reshape(pairs, len(self.limited)))
        return self._known[key], key


class Within:
    """The networks of a space in a window, by rank.

    Attributes:
        count: How many there are.
    """

    def __init__(self, indexed: Indexed, window: Window) -> None:
        """Count them."""
        self._indexed, self._window = indexed, window
        self._counted = indexed.counts(window)
        self._upto: list[int] = []
        self.count = 0
        for each in self._counted:
            self.count += each.count
            self._upto.append(self.count)

    def edges(self, ranks: Ints) -> tuple[Ids, Ids]:
        """The edges of each layer, (n, layers), and the last state, (n,), of networks by rank."""
        layers = len(self._indexed.states.layers)
        edges = np.zeros((len(ranks), layers), np.int32)
        ends = np.zeros(len(ranks), np.int32)
        order = np.argsort(ranks, kind="stable")
        sorted_ranks = ranks[order]
        start = 0
        for each, upto in zip(self._counted, self._upto, strict=True):
            stop = int(np.searchsorted(sorted_ranks, upto, side="left"))
            if stop > start:
                own = order[start:stop]
                below = upto - each.count
                edges[own], ends[own] = self._of(each, sorted_ranks[start:stop] - below)
            start = stop
        return edges, ends

    def _of(self, counted: _Counted, ranks: Ints) -> tuple[Ids, Ids]:
        bridge = counted.bridge
        left = np.searchsorted(counted.upto, ranks, side="right")
        k = ranks - np.where(left > 0, counted.upto[left - 1], 0)
        low, high = self._window.around(bridge.left.costs[left] + bridge.shift)
        step, right = np.divmod(counted.index.select(low, high, k), len(bridge.right))
        middle = bridge.edges[step][:, None]
        edges = np.concatenate([bridge.left.edges[left], middle, bridge.right.edges[right]], axis=1)
        return edges, bridge.right.ends[right]

    def extreme(self, *, most: bool) -> int | None:
        """The least or the most of the last limited cost in the window; None where it is empty."""
        choose: Callable[[int, int], int] = max if most else min
        found: int | None = None
        for each in self._counted:
            number = np.diff(each.upto, prepend=0)
            left = np.flatnonzero(number)
            if not len(left):
                continue
            bridge = each.bridge
            before = bridge.left.costs[left] + bridge.shift
            low, high = self._window.around(before)
            k = number[left] - 1 if most else np.zeros(len(left), np.int64)
            step, right = np.divmod(each.index.select(low, high, k), len(bridge.right))
            total = before + bridge.steps[step] + bridge.right.costs[right]
            own = total[:, -1].max() if most else total[:, -1].min()
            found = int(own) if found is None else choose(found, int(own))
        return found
