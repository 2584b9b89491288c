"""A population in memory: labels by number and whole costs, a row a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designspace.sampling.population import About

IDLE = -1  # the number of no label: other choices make the axis idle

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Table:
    """n networks of one file.

    Attributes:
        name: What it is called beside others.
        file: Where it was read.
        about: Where it comes from; None where the file does not say.
        labels: The labels of each axis, in the order of the file; seen or not.
        codes: The number of each network's label, (n,) an axis; `IDLE` for none.
        costs: Parameters, multiply-adds and activations, (n,) each.
        digests: Number of each network's digest, (n,), where the file has digests.
    """

    name: str
    file: Path
    about: About | None
    labels: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, Codes]
    costs: Mapping[str, NDArray[np.int64]]
    digests: Codes | None = None

    def __len__(self) -> int:
        return len(self.costs["params"])

    @cached_property
    def ranked(self) -> Mapping[str, NDArray[np.int64]]:
        """The networks from cheap to dear, by each cost, (n,)."""
        return {cost: np.argsort(values, kind="stable") for cost, values in self.costs.items()}

    @cached_property
    def distinct(self) -> int:
        """How many different networks there are: by digest, else by labels."""
        if self.digests is not None:
            return _different(self.digests)
        key, known = np.zeros(len(self), np.int64), 1
        for axis, codes in self.codes.items():
            size = len(self.labels[axis]) + 1
            if known > (1 << 62) // size:  # the key would not hold it: number what is there
                _, key = np.unique(key, return_inverse=True)
                known = len(self)
            key, known = key * size + (codes + 1), known * size
        return _different(key)


def _different(numbers: NDArray[Any]) -> int:
    return 1 + int(np.count_nonzero(np.diff(np.sort(numbers))))
