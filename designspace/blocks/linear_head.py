"""The usual classification head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from designspace.blocks.families import Head
from designspace.layers.feature import Feature
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.norm import NoNorm, Norm
from designspace.layers.leaves.pooling import GlobalAvgPool
from designspace.layers.part import Children, Layer, PartContext


class LinearHead(Head):
    """Mean over the positions and a linear classifier, with a norm before or after it, or none.

    Attributes:
        norm: Norm of the features.
        norm_at: Position of the norm: before or after the pooling.
    """

    kind: Literal["linear"] = "linear"
    norm: Norm = NoNorm()
    norm_at: Literal["before_pool", "after_pool"] = "after_pool"

    def inactive(self) -> frozenset[str]:
        """Return the position of the norm if there is no norm."""
        return frozenset({"norm_at"}) if isinstance(self.norm, NoNorm) else frozenset()

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the norm before or after the pooling, the pooling, and the classifier."""
        return {
            "norm_before": self.norm if self.norm_at == "before_pool" else NoNorm(),
            "pool": GlobalAvgPool(),
            "norm_after": self.norm if self.norm_at == "after_pool" else NoNorm(),
            "classifier": Linear(at.width),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Normalise, pool and classify."""
        return m.classifier(m.norm_after(m.pool(m.norm_before(x))))
