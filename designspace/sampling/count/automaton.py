"""A large space as an automaton whose paths are its distinct networks.

An axis that touches several components, such as the norm of the whole network, has one label for
all of them. These axes are fixed first: each combination of their labels is a *setting*, written as
one bit. Two settings may make the same component, and possibly the same network, which must count
once and not twice. So a state between two components holds the shape of the features and the set of
all settings that could have made the components so far (the subset construction of automata
theory). An edge is a component's meaning; from any state, different edges mean different networks.

Example: the settings are LayerNorm (bit 01) and BatchNorm (bit 10). The first component has two
rows, one without a norm and one with it, so its edges are "plain" (both settings make it), "with
LayerNorm" and "with BatchNorm":

    start 11 --plain-----------> state 11 --either norm in the head: two edges--> 01, 10
             --with LayerNorm--> state 01 --LayerNorm in the head-------------->  01
             --with BatchNorm--> state 10 --BatchNorm in the head-------------->  10

From state 01 the edge "BatchNorm in the head" is closed, because 01 and 10 have no bit in common.
There are 2 + 1 + 1 = 4 paths for the 2 x 2 combinations. If the head had no norm, "plain" would end
in one path that both settings make: 3 networks for 4 combinations. `designspace.sampling` shows the
automaton of a real space.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from designspace.sampling.tables.chain import Chain
from designspace.sampling.tables.components import Component, flat_rows, label_indices
from designspace.sampling.tables.part_tables import Ids, TooLargeError
from designspace.sampling.tables.wavelet import Ints

MOST_SETTINGS = 1 << 12
MOST_EDGES = 1 << 22


@dataclass(frozen=True, slots=True)
class State:
    """A shape of features, and the settings that could have led here, as bits."""

    feature: int
    settings: int


@dataclass(slots=True)
class Layer:
    """One component with its edges from every state before it, and the meaning of the edges.

    Attributes:
        component: The component.
        setting: Index of the combination of the component's shared labels, per setting,
            (settings,).
        rows: Row of the component for shared and own labels, (shared, own).
        edges: States after each state before, with the numbers of the edges that lead there.
        costs: Parameters, multiply-adds and activations of every edge, (edges, 3).
        spelt: Sorted keys, each an edge and shared labels that make it, and the component's first
            row that does so per key.
    """

    component: Component
    setting: Ids
    rows: Ints
    edges: dict[State, dict[State, Ids]] = field(default_factory=dict[State, dict[State, Ids]])
    costs: Ints = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    spelt: tuple[Ints, Ints] = field(
        default_factory=lambda: (np.zeros(0, np.int64), np.zeros(0, np.int64))
    )

    def rows_of(self, edges: Ids, settings: Ids) -> Ints:
        """Return the component's row that makes each edge under its setting, (n,)."""
        keys, rows = self.spelt
        if len(self.rows) == 1:  # no axis is shared: one key per edge
            return rows.take(edges)
        wanted = edges.astype(np.int64) * len(self.rows) + self.setting[settings]
        return rows[np.searchsorted(keys, wanted)]


class States:
    """The automaton of a chain."""

    def __init__(self, chain: Chain) -> None:
        """Build the automaton of a chain.

        Raises:
            TooLargeError: There are too many settings or edges.
        """
        self.chain = chain
        self.shared = _shared(chain.components, list(chain.axes))
        sizes = [chain.sizes[name] for name in self.shared]
        if prod(sizes) > MOST_SETTINGS:
            raise TooLargeError
        every = np.arange(prod(sizes), dtype=np.int64)
        self.settings = label_indices(every, sizes)
        self.start = State(0, (1 << len(every)) - 1)
        self.layers: list[Layer] = []
        states = [self.start]
        for component in chain.components:
            layer = self._layer(component)
            _Edges(layer).draw(states)
            self.layers.append(layer)
            states = list({after: None for edges in layer.edges.values() for after in edges})
        self.ends = states

    def _layer(self, component: Component) -> Layer:
        """Return a layer with the component's rows arranged by its shared axes."""
        common = [name for name in component.axes if name in self.shared]
        columns = [self.shared.index(name) for name in common]
        sizes = [self.chain.sizes[name] for name in common]
        order = [component.axes.index(name) for name in common]
        order += [i for i, name in enumerate(component.axes) if name not in self.shared]
        rows = np.arange(component.rows, dtype=np.int64).reshape(component.sizes)
        setting = flat_rows(self.settings, columns, sizes).astype(np.int32)
        return Layer(component, setting, rows.transpose(order).reshape(prod(sizes), -1))


def _shared(components: Sequence[Component], axes: Sequence[str]) -> list[str]:
    """Return the axes that touch more than one component."""
    times = {name: sum(name in each.axes for each in components) for name in axes}
    return [name for name in axes if times[name] > 1]


@dataclass(frozen=True, slots=True)
class _Group:
    """Edges that the same settings allow and that lead to the same shape."""

    settings: int
    feature: int
    edges: Ids


class _Edges:
    """The work of building one layer's edges."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._masks = _masks(layer.setting, len(layer.rows))
        self._costs: list[Ints] = [np.zeros((0, 3), np.int64)]
        self._keys: list[Ints] = [np.zeros(0, np.int64)]
        self._rows: list[Ints] = [np.zeros(0, np.int64)]
        self._count = 0

    def draw(self, states: Sequence[State]) -> None:
        """Build the edges from each of these states."""
        groups = {feature: self._on(feature) for feature in {state.feature for state in states}}
        for state in states:
            self._layer.edges[state] = dict(_joined(state, groups[state.feature]))
        self._layer.costs = np.concatenate(self._costs)
        self._layer.spelt = np.concatenate(self._keys), np.concatenate(self._rows)

    def _on(self, feature: int) -> list[_Group]:
        """Return the distinct edges on one shape, grouped."""
        layer = self._layer
        shared, own = layer.rows.shape
        found = layer.component.on(
            np.full(layer.rows.size, feature, np.int32), layer.rows.reshape(-1)
        )
        valid = np.flatnonzero(found.out >= 0)
        # One entry per meaning and shared labels: the first own labels that make it.
        _, edge = np.unique(found.meaning[valid], return_inverse=True)
        key, first = np.unique(edge * shared + valid // own, return_index=True)
        entry = valid[first]
        edge, labels = key // shared, key % shared
        self._keys.append(key + self._count * shared)
        self._rows.append(layer.rows.reshape(-1)[entry])
        starts = np.flatnonzero(np.diff(edge, prepend=-1))
        self._costs.append(found.costs[entry[starts]])
        groups = list(self._grouped(found.out[entry[starts]], labels, starts))
        self._count += len(starts)
        if self._count > MOST_EDGES:
            raise TooLargeError
        return groups

    def _grouped(self, out: Ids, labels: Ints, starts: Ints) -> Iterator[_Group]:
        """Yield groups of edges with the same shared labels and the same resulting shape."""
        stops = np.append(starts, len(labels))[1:]
        members: dict[tuple[bytes, int], list[int]] = {}
        for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
            key = (labels[start:stop].tobytes(), int(out[number]))
            members.setdefault(key, []).append(number)
        for (raw, feature), numbers in members.items():
            settings = 0
            for each in np.frombuffer(raw, np.int64):
                settings |= self._masks[int(each)]
            yield _Group(settings, feature, np.array(numbers, np.int32) + self._count)


def _masks(setting: Ids, count: int) -> list[int]:
    """Return the settings, as bits, that contain each combination of shared labels."""
    masks: list[int] = []
    for each in range(count):
        bits = np.packbits(setting == each, bitorder="little")
        masks.append(int.from_bytes(bits.tobytes(), "little"))
    return masks


def _joined(state: State, groups: Sequence[_Group]) -> Iterator[tuple[State, Ids]]:
    """Yield the states after one, with the edges that lead there."""
    found: dict[State, list[Ids]] = {}
    for group in groups:
        if settings := state.settings & group.settings:
            found.setdefault(State(group.feature, settings), []).append(group.edges)
    for after, edges in found.items():
        yield after, np.concatenate(edges) if len(edges) > 1 else edges[0]
