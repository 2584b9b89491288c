"""A small space: every combination of labels looked at, equal networks counted once."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from designspace.algebra.chain import Chain
from designspace.algebra.wavelet import Ints

MOST = 1 << 21  # combinations of labels


def flat_index(labels: Ints, columns: Sequence[int], sizes: Sequence[int]) -> Ints:
    """Rows of a table over some of the axes, from label indices of them all, (n, axes)."""
    row = np.zeros(len(labels), np.int64)
    for column, size in zip(columns, sizes, strict=True):
        row = row * size + labels[:, column]
    return row


class Points:
    """The distinct valid networks of a space, one by one.

    Attributes:
        labels: Index of the label of each axis, the first labels that make the network,
            (networks, axes).
        costs: Parameters, multiply-adds and activations, (networks, 3).
        combinations: How many combinations of labels there are.
        valid: How many of them make a valid network.
    """

    def __init__(self, chain: Chain) -> None:
        """Take a chain of at most `MOST` combinations."""
        sizes = list(chain.axes.values())
        self.combinations = prod(sizes)
        every = np.arange(self.combinations, dtype=np.int64)
        grid = np.unravel_index(every, sizes) if sizes else ()
        labels = np.stack([*grid, every], axis=1)[:, : len(sizes)].astype(np.int64)
        costs, meaning, valid = priced(chain, labels)
        chosen = np.flatnonzero(valid)
        _, first = np.unique(meaning[chosen], return_index=True)
        chosen = chosen[np.sort(first)]
        self.valid = int(valid.sum())
        self.labels, self.costs = labels[chosen], costs[chosen]


def priced(chain: Chain, labels: Ints) -> tuple[Ints, Ints, np.ndarray]:
    """Costs (n, 3), meaning (n,) and validity (n,) of networks given by label indices."""
    names = list(chain.axes)
    feature = np.zeros(len(labels), np.int32)
    costs = np.zeros((len(labels), 3), np.int64)
    meaning = np.zeros(len(labels), np.int64)
    valid = np.ones(len(labels), bool)
    for component in chain.components:
        columns = [names.index(name) for name in component.axes]
        found = component.on(np.maximum(feature, 0), flat_index(labels, columns, component.sizes))
        valid &= found.out >= 0
        costs, feature = costs + found.costs, found.out
        _, own = np.unique(found.meaning, return_inverse=True)
        _, meaning = np.unique(meaning * (int(own.max(initial=0)) + 1) + own, return_inverse=True)
    return costs, meaning, valid
