"""A population in memory: label indices and integer costs, one row per network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designspace.sampling.population import About

IDLE = -1  # no label: because of other choices, the axis has no effect

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Table:
    """The n networks of one file.

    Attributes:
        name: Name in tables and messages.
        file: Path of the file.
        about: Origin of the networks; None if the file does not say.
        labels: Labels of each axis in the order of the file, including those that do not occur.
        codes: Index of each network's label, (n,) per axis; `IDLE` for none.
        costs: Parameters, multiply-adds and activations, (n,) each.
        digests: Index of each network's digest, (n,); None if the file has no digests.
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
        """Indices of the networks from cheap to expensive by each cost, (n,) per cost."""
        return {cost: np.argsort(values, kind="stable") for cost, values in self.costs.items()}

    @cached_property
    def distinct(self) -> int:
        """Number of different networks: by digest if there is one, else by labels.

        Labels are packed into one integer key per network: axes of 3 and 5 values (including "no
        label") give the key 5 x first + second. If the next axis could overflow 64 bits, the keys
        so far are replaced by their ranks first.
        """
        if self.digests is not None:
            return _different(self.digests)
        key, known = np.zeros(len(self), np.int64), 1
        for axis, codes in self.codes.items():
            size = len(self.labels[axis]) + 1
            if known > (1 << 62) // size:  # the key would overflow: renumber the keys so far
                _, key = np.unique(key, return_inverse=True)
                known = len(self)
            key, known = key * size + (codes + 1), known * size
        return _different(key)


def _different(numbers: NDArray[Any]) -> int:
    return 1 + int(np.count_nonzero(np.diff(np.sort(numbers))))
