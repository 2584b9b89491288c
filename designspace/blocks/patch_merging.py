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
    """2x2 neighbours concatenated, a norm, a linear layer without bias (arXiv 2103.14030, 3.1).

    Attributes:
        norm: Norm of the concatenated channels of the four neighbours.
    """

    kind: Literal["patch_merging"] = "patch_merging"
    norm: Norm = InheritNorm()

    def strides(self) -> tuple[int, int]:
        """Return stride 2 for this part itself."""
        return 2, 1

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the gathering of neighbours, the norm and the linear layer."""
        return {
            "gather": GatherPatches(),
            "norm": self.norm,
            "reduction": Linear(at.width, bias=False),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the layers one after the other."""
        return m.reduction(m.norm(m.gather(x)))
