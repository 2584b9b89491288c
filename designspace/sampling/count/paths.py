"""A large space within limits: its networks counted exactly and told by rank.

Counting gives each left half the number of its partners, which is how many right sides lie in what
it leaves of the window. The running sums of these numbers give the networks an order without
listing them: of partners (3, 2, 1) the sums are (3, 5, 6), so that ranks 0 to 2 are those of the
first half, ranks 3 and 4 of the second, rank 5 of the third. The network of rank 4 is found by two
searches: 4 lies between the sums 3 and 5, so it is the second half's; and it is partner 4 - 3 = 1
of that half, which the index selects. A draw of ranks is a draw of networks.
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

MANY, THREADS = 1 << 17, 8  # left halves that are worth threads, and how many of these


@dataclass(frozen=True, slots=True)
class Window:
    """Bounds of the limited costs, both included, (limited, 1) each."""

    low: Ints
    high: Ints

    def around(self, costs: Ints) -> tuple[Ints, Ints]:
        """What is left of the window for others, beside each of these costs, (limited, n)."""
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
        """The least and the most of each limited cost among the networks in a window."""
        ends, asked = Ends(), set[tuple[bytes, ...]]()
        for bridge, own, key in self.bridges:
            both = (*key, self.digest(bridge.left), bridge.shift.tobytes())
            if both not in asked:
                asked.add(both)
                costs = bridge.left.costs + bridge.shift
                own.ends(*window.around(costs), bridge.left.order, costs, ends)
        return ends

    def digest(self, half: Half) -> bytes:
        """Equal for halves of equal costs."""
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
    """Up to which rank the left halves of each bridge reach; numpy lets other threads run."""

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
    """Some of the networks that were asked for.

    Attributes:
        places: Where they stand among those asked for, (k,).
        edges: Their edges of each layer, (k,) each.
        ends: Their last states, (k,).
    """

    places: Ints
    edges: Sequence[Ids]
    ends: Ids


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

    def paths(self, ranks: Ints) -> Iterator[Paths]:
        """The networks of these ranks, (n,), bridge by bridge."""
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
