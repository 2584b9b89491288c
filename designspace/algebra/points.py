"""A small space: every combination of labels looked at, equal networks counted once."""

from __future__ import annotations

import numpy as np

from designspace.algebra.chain import Chain
from designspace.algebra.components import distinct, label_indices
from designspace.algebra.pieces import TooLargeError

MOST = 1 << 21  # combinations of labels


class Points:
    """The distinct valid networks of a space, one by one.

    Attributes:
        labels: Index of the label of each axis, the first labels that make the network,
            (networks, axes).
        costs: Parameters, multiply-adds and activations, (networks, 3).
    """

    def __init__(self, chain: Chain) -> None:
        """Take a chain.

        Raises:
            TooLargeError: It has more than `MOST` combinations.
        """
        if chain.combinations > MOST:
            raise TooLargeError(
                f"too much of it hangs together to be taken apart, and its {chain.combinations:,} "
                f"combinations of labels are too many to be listed (up to {MOST:,} are)"
            )
        every = np.arange(chain.combinations, dtype=np.int64)
        labels = label_indices(every, list(chain.sizes.values()))
        costs = np.zeros((len(labels), 3), np.int64)
        meaning = np.zeros(len(labels), np.int64)
        valid = np.ones(len(labels), bool)
        for found in chain.run(labels):
            valid &= found.out >= 0
            costs += found.costs
            own = distinct(found.meaning)
            meaning = distinct(meaning * own.count + own.which).which
        chosen = np.flatnonzero(valid)
        _, first = np.unique(meaning[chosen], return_index=True)
        chosen = chosen[np.sort(first)]
        self.labels, self.costs = labels[chosen], costs[chosen]
