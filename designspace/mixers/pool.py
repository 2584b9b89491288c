"""Mean pooling as the token mixer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from designspace.layers.feature import Feature
from designspace.layers.leaves.pooling import AvgPool
from designspace.layers.numbers import OddInt
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import Mixer, keeps_stride


class PoolMixer(Mixer):
    """The mean of the neighbourhood minus the position itself (PoolFormer, arXiv 2111.11418).

    Attributes:
        kernel_size: Side of the neighbourhood.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"kernel_size": (1, 3, 5)}
    can_shrink: ClassVar[bool] = False
    kind: Literal["pool"] = "pool"
    kernel_size: OddInt = 3

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the pooling."""
        keeps_stride(self, at)
        return {"pool": AvgPool(self.kernel_size)}

    def forward(self, m: Children, x: Any) -> Any:
        """Pool and subtract the input."""
        return m.pool(x) - x
