"""A small space: every combination of labels looked at, equal networks counted once."""

from __future__ import annotations

import numpy as np

from designspace.algebra.chain import Chain
from designspace.algebra.components import flat_rows, label_indices
from designspace.algebra.pieces import TooLargeError
from designspace.algebra.wavelet import Ints

MOST = 1 << 21  # combinations of labels


class Points:
    """The distinct valid networks of a space, one by one.

    Attributes:
        labels: Index of the label of each axis, the first labels that make the network,
            (networks, axes).
        costs: Parameters, multiply-adds and activations, (networks, 3).
        valid: How many of them make a valid network.
    """

    def __init__(self, chain: Chain) -> None:
        """Take a chain.

        Raises:
            TooLargeError: It has more than `MOST` combinations.
        """
        if chain.combinations > MOST:
            raise TooLargeError
        every = np.arange(chain.combinations, dtype=np.int64)
        labels = label_indices(every, list(chain.axes.values()))
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
        found = component.on(np.maximum(feature, 0), flat_rows(labels, columns, component.sizes))
        valid &= found.out >= 0
        costs, feature = costs + found.costs, found.out
        _, own = np.unique(found.meaning, return_inverse=True)
        _, meaning = np.unique(meaning * (int(own.max(initial=0)) + 1) + own, return_inverse=True)
    return costs, meaning, valid
