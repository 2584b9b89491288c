"""The two-residual block: a token mixer, then a channel mixer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from designspace.blocks.families import Block
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf, ShapeError
from designspace.layers.leaves.norm import InheritNorm, Norm
from designspace.layers.leaves.residual import DropPath, Identity, LayerScale
from designspace.layers.numbers import Positive
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.attention import SelfAttention
from designspace.mixers.mixer import ChannelMixer, Mixer
from designspace.mixers.mlp import Mlp


class MetaFormer(Block):
    """Two residual branches, each with a norm before it (arXiv 2111.11418, section 3.1).

    Attributes:
        mixer: Token mixer, on the first branch.
        channel_mixer: Channel mixer, on the second branch.
        norm: Norm before each mixer.
        layer_scale_init: Initial value of a learnable factor per channel of each branch; null for
            no factor.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"layer_scale_init": (None, 1e-6, 0.1)}
    can_shrink: ClassVar[bool] = False
    kind: Literal["metaformer"] = "metaformer"
    mixer: Mixer = SelfAttention()
    channel_mixer: ChannelMixer = Mlp()
    norm: Norm = InheritNorm()
    layer_scale_init: Positive | None = None

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the layers of both branches.

        Raises:
            ShapeError: The context asks for another shape than that of the input.
        """
        if at.stride > 1 or x.channels != at.width:
            raise ShapeError(
                f"a metaformer block keeps the shape, but should go from {x.channels} channels to "
                f"{at.width} with stride {at.stride}",
                hint="use `downsample: separate` or `patch_merging`",
            )
        return {
            "norm1": self.norm,
            "mixer": self.mixer.on(at),
            "scale1": self._scale(),
            "drop_path1": DropPath(),
            "norm2": self.norm,
            "channel_mixer": self.channel_mixer.on(at),
            "scale2": self._scale(),
            "drop_path2": DropPath(),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Mix positions, then channels."""
        x = x + m.drop_path1(m.scale1(m.mixer(m.norm1(x))))
        return x + m.drop_path2(m.scale2(m.channel_mixer(m.norm2(x))))

    def _scale(self) -> Leaf:
        return Identity() if self.layer_scale_init is None else LayerScale(self.layer_scale_init)
