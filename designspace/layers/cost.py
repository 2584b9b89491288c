"""The cost of a layer, in exact integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["stage", "block", "layer"]
"""The level of detail of a cost table: one row per stage, block or layer."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a layer for one image.

    Attributes:
        params: Number of learnable parameters.
        macs: Number of multiply-adds of convolutions, linear layers and attention's matrix
            products; norms, activations, poolings, biases and additions count as 0. Papers call it
            FLOPs.
        acts: Number of output elements of the layers that have macs.
        spatial: Part of `macs` that mixes positions, in multiply-adds: convolutions with a kernel
            larger than one position, and attention. The rest mixes channels only.
    """

    params: int = 0
    macs: int = 0
    acts: int = 0
    spatial: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.params + other.params,
            self.macs + other.macs,
            self.acts + other.acts,
            self.spatial + other.spatial,
        )

    @property
    def channel(self) -> int:
        """Number of multiply-adds that mix channels only."""
        return self.macs - self.spatial


NOTHING = Cost()


def total(costs: Iterable[Cost]) -> Cost:
    """Return the sum of costs."""
    params = macs = acts = spatial = 0
    for cost in costs:
        if cost is not NOTHING:
            params += cost.params
            macs += cost.macs
            acts += cost.acts
            spatial += cost.spatial
    return Cost(params, macs, acts, spatial)
