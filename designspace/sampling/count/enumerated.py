"""A small space: all combinations of labels are listed, and equal networks count once.

One number stands for the meanings of the components so far. At each component, the pairs (number so
far, meaning of this component) get new numbers, equal for equal pairs. At the end, two combinations
make the same network if their numbers are equal. With the meanings (0, 0, 1, 1) of four
combinations in the first component and (5, 6, 5, 5) in the second, the pairs get the numbers (0, 1,
2, 2): three networks, since the last two combinations make the same one.
"""

from __future__ import annotations

import numpy as np

from designspace.sampling.tables.chain import Chain
from designspace.sampling.tables.components import distinct, label_indices
from designspace.sampling.tables.part_tables import TooLargeError

MOST = 1 << 21  # largest number of combinations of labels


class Points:
    """The valid networks of a space, one by one.

    Attributes:
        labels: Label indices of all combinations that make a network, (n, axes).
        costs: Parameters, multiply-adds and activations of these, (n, 3).
        first: Index of the first combination of each distinct network, (networks,).
    """

    def __init__(self, chain: Chain) -> None:
        """List the combinations of a chain.

        Raises:
            TooLargeError: The chain has more than `MOST` combinations.
        """
        if chain.combinations > MOST:
            raise TooLargeError(
                "its axes are too coupled to be counted separately, and its "
                f"{chain.combinations:,} combinations of labels are too many to list "
                f"(at most {MOST:,})"
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
        self.labels, self.costs = labels[valid], costs[valid]
        _, first = np.unique(meaning[valid], return_index=True)
        self.first = np.sort(first)
