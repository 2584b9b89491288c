"""A large space within limits: exact counts of its networks, and each network by its rank.

Counting gives each left half the number of its partners: the right sides that fit into the part of
the window that the half leaves. The running sums of these numbers order the networks without
listing them. With (3, 2, 1) partners the sums are (3, 5, 6), so ranks 0 to 2 belong to the first
half, ranks 3 and 4 to the second and rank 5 to the third. Two searches find the network of rank 4:
4 lies between the sums 3 and 5, so it belongs to the second half; it is partner 4 - 3 = 1 of that
half (counted from 0), which the index selects. So a draw of ranks is a draw of networks.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from designspace.sampling.count.automaton import States
from designspace.sampling.count.meet_in_the_middle import Bridge, Half, Halves, sums
from designspace.sampling.count.range_queries import Ends, Index, index
from designspace.sampling.tables.part_tables import Ids
from designspace.sampling.tables.wavelet import Ints

MANY, THREADS = 1 << 17, 8  # number of left halves from which threads pay, and of threads


@dataclass(frozen=True, slots=True)
class Window:
    """Bounds of the limited costs, both included, (limited, 1) each."""

    low: Ints
    high: Ints

    def around(self, costs: Ints) -> tuple[Ints, Ints]:
        """Return the bounds that each of these costs leaves for others, (limited, n) each."""
        return self.low - costs, self.high - costs


@dataclass(frozen=True, slots=True)
class _Counted:
    """A bridge with its index and the running sums of its left halves' partners, (left,)."""

    bridge: Bridge
    index: Index
    upto: Ints

    @property
    def count(self) -> int:
        return int(self.upto[-1]) if len(self.upto) else 0


class Indexed:
    """The bridges of a cut, each with an index; bridges with equal costs share one."""

    def __init__(self, states: States, limited: Sequence[int], at: int) -> None:
        """Take an automaton, the columns of the limited costs, and the layer to cut."""
        self.states, self.limited, self.at = states, tuple(limited), at
        self._known: dict[tuple[bytes, ...], Index] = {}
        self._digests: dict[int, bytes] = {}
        self.bridges = [
            (bridge, *self._index(bridge)) for bridge in Halves(states, limited, at).bridges
        ]

    def within(self, window: Window) -> Within:
        """Return the networks in a window."""
        return Within(self, window)

    def counts(self, window: Window) -> list[_Counted]:
        """Count the networks in a window: every bridge with the running sums of its left halves."""
        asked: dict[tuple[bytes, ...], tuple[Bridge, Index]] = {}
        keys: list[tuple[bytes, ...]] = []
        for bridge, own, key in self.bridges:
            keys.append((*key, self.digest(bridge.left), bridge.shift.tobytes()))
            asked.setdefault(keys[-1], (bridge, own))
        answers = dict(zip(asked, _in_threads(window, list(asked.values())), strict=True))
        return [
            _Counted(bridge, own, answers[key])
            for (bridge, own, _), key in zip(self.bridges, keys, strict=True)
        ]

    def ends(self, window: Window) -> Ends:
        """Return the smallest and largest value of each limited cost in a window."""
        ends, asked = Ends(), set[tuple[bytes, ...]]()
        for bridge, own, key in self.bridges:
            both = (*key, self.digest(bridge.left), bridge.shift.tobytes())
            if both not in asked:
                asked.add(both)
                costs = bridge.left.costs + bridge.shift
                own.ends(*window.around(costs), bridge.left.order, costs, ends)
        return ends

    def digest(self, half: Half) -> bytes:
        """Return a digest that is equal for halves of equal costs."""
        if id(half) not in self._digests:
            size = len(half).to_bytes(8, "little")
            self._digests[id(half)] = hashlib.blake2b(size + half.costs.tobytes()).digest()
        return self._digests[id(half)]

    def _index(self, bridge: Bridge) -> tuple[Index, tuple[bytes, ...]]:
        key = (
            len(bridge.edges).to_bytes(8, "little"),
            bridge.steps.tobytes(),
            len(bridge.right).to_bytes(8, "little"),
            self.digest(bridge.right),
        )
        if key not in self._known:
            self._known[key] = index(sums(bridge.steps, bridge.right.costs))
        return self._known[key], key


def _in_threads(window: Window, asked: Sequence[tuple[Bridge, Index]]) -> list[Ints]:
    """Return the running sums of each bridge, in threads because numpy releases the lock."""

    def ranks(bridge: Bridge, own: Index) -> Ints:
        low, high = window.around(bridge.left.costs + bridge.shift)
        return np.cumsum(own.count(low, high, bridge.left.order))

    if sum(len(bridge.left) for bridge, _ in asked) < MANY:
        return [ranks(*each) for each in asked]
    for half in {id(bridge.left): bridge.left for bridge, _ in asked}.values():
        _ = half.order  # sorted once, before several threads ask for it
    with ThreadPoolExecutor(min(os.cpu_count() or 1, THREADS)) as threads:
        return list(threads.map(ranks, *zip(*asked, strict=True)))


@dataclass(frozen=True, slots=True)
class Paths:
    """Some of the requested networks.

    Attributes:
        places: Places among the requested ones, (k,).
        edges: Edges in each layer, (k,) each.
        ends: Numbers of the last states, (k,).
    """

    places: Ints
    edges: Sequence[Ids]
    ends: Ids


class Within:
    """The networks of a space in a window, by rank.

    Attributes:
        count: Number of networks.
    """

    def __init__(self, indexed: Indexed, window: Window) -> None:
        """Count the networks in the window."""
        self._indexed, self._window = indexed, window
        self._counted = indexed.counts(window)
        self._upto: list[int] = []
        self.count = 0
        for each in self._counted:
            self.count += each.count
            self._upto.append(self.count)

    def paths(self, ranks: Ints) -> Iterator[Paths]:
        """Yield the networks of these ranks, (n,), bridge by bridge."""
        order = np.argsort(ranks)
        wanted = ranks[order]
        stops = np.searchsorted(wanted, self._upto)
        start = 0
        for each, upto, stop in zip(self._counted, self._upto, stops.tolist(), strict=True):
            if stop > start:
                own = wanted[start:stop] - (upto - each.count)
                yield self._of(each, order[start:stop], own)
            start = stop

    def _of(self, counted: _Counted, places: Ints, ranks: Ints) -> Paths:
        bridge, upto = counted.bridge, counted.upto
        left = np.searchsorted(upto, ranks, side="right")
        k = ranks - upto[left - 1] * (left > 0)
        low, high = self._window.around(bridge.left.costs[:, left] + bridge.shift)
        step, right = np.divmod(counted.index.select(low, high, k), len(bridge.right))
        edges = (*bridge.left.edges[:, left], bridge.edges[step], *bridge.right.edges[:, right])
        return Paths(places, edges, bridge.right.ends[right])
