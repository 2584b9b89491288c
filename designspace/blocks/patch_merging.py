"""Swin's downsampling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from designspace.blocks.families import Downsample
from designspace.layers.feature import Feature
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.leaves.windows import GatherPatches
from designspace.layers.part import Children, Layer, PartContext


class PatchMerging(Downsample):
    """2x2 neighbours put together, a norm, a linear layer without bias (arXiv 2103.14030, 3.1).

    Attributes:
        norm: The norm of the four neighbours' channels together.
    """

    kind: Literal["patch_merging"] = "patch_merging"
    norm: Norm = InheritNorm()

    def strides(self) -> tuple[int, int]:
        """Always 2, all its own."""
        return 2, 1

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """Gather, normalise, reduce."""
        return {
            "gather": GatherPatches(),
            "norm": self.norm,
            "reduction": Linear(at.width, bias=False),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """One after the other."""
        return m.reduction(m.norm(m.gather(x)))
