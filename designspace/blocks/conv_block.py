"""The convolution block: ResNet's bottleneck, ConvNeXt's block and everything in between.

The block has one residual branch of three layers: two pointwise layers and a spatial one, which may
be the first, the middle or the last. For example, ResNet's bottleneck of a stage of width 64 is
`wide: ends, ratio: 4, spatial_at: middle`: pointwise 256 -> 64, spatial 64, pointwise 64 -> 256.
ConvNeXt's block of a stage of width 96 is `wide: middle, ratio: 4, spatial_at: first`: spatial 96,
pointwise 96 -> 384, pointwise 384 -> 96. Norms and activations have positions: `norm_at: [1]` is a
norm after the first of the three layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.blocks.families import Block, Shortcut
from designspace.blocks.positions import ActPositions, NormPositions
from designspace.blocks.shortcuts import Projection
from designspace.layers.feature import Feature
from designspace.layers.leaf import is_idle
from designspace.layers.leaves.act import Act, InheritAct, NoAct
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.norm import BatchNorm, InheritNorm, NoNorm, Norm
from designspace.layers.leaves.residual import DropPath, Identity, LayerScale
from designspace.layers.leaves.response import Response
from designspace.layers.numbers import Positive
from designspace.layers.part import Children, Layer, PartContext, Sequential, placed
from designspace.mixers.conv import ConvMixer
from designspace.mixers.mixer import Mixer


class ConvBlock(Block):
    """Two pointwise layers and a spatial layer on one residual branch.

    The inner and the outer sides of the two pointwise layers differ in width by the factor `ratio`.

    Attributes:
        wide: Wide side: `ends` is a bottleneck (He et al., arXiv 1512.03385), whose stage width is
            the narrow side; `middle` is an inverted block (Sandler et al., arXiv 1801.04381).
        ratio: Ratio of wide to narrow channels; the product is truncated to whole channels.
        ratio_of: Narrow channels of an inverted block: the stage's width, or the input channels of
            the block, as in MobileNetV2 and EfficientNet.
        spatial: Token mixer.
        spatial_at: Position of the token mixer: before, between or after the pointwise layers.
        norm: Norm of the block.
        norm_at: Numbers of the layers that a norm follows; 0 is before the first layer.
        act: Activation of the block.
        act_at: Numbers of the layers that an activation follows; 3 is after the addition.
        bias: Whether the pointwise layers have biases.
        response: Rescaling of the channels before the second pointwise layer; null for none.
        layer_scale_init: Initial value of a learnable factor per channel of the branch; null for
            no factor.
        shortcut: Residual path if the block changes the shape.
    """

    overwrites: ClassVar[tuple[str, ...]] = ("act",)
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "ratio": (1, 2, 3.5, 4),
        "norm_at": ([], [1], [0, 2], [3, 1], [1, 2, 3], [0, 1, 2, 3], "all"),
        "act_at": ([], [2], [3, 1], [1, 2], [1, 2, 3], "all"),
        "layer_scale_init": (None, 1e-6, 0.1),
    }
    added: ClassVar[frozenset[str]] = frozenset({"ratio_of"})
    kind: Literal["conv"] = "conv"
    wide: Literal["ends", "middle"] = "middle"
    ratio: Positive = 4
    ratio_of: Literal["stage", "input"] = "stage"
    spatial: Mixer = ConvMixer()
    spatial_at: Literal["first", "middle", "last"] = "first"
    norm: Norm = InheritNorm()
    norm_at: NormPositions = (1,)
    act: Act = InheritAct()
    act_at: ActPositions = (2,)
    bias: StrictBool = True
    response: Response | None = None
    layer_scale_init: Positive | None = None
    shortcut: Shortcut = Projection()

    def out_channels(self, width: int) -> int:
        """Return the number of channels of the block's outer side."""
        return self._wider(width) if self.wide == "ends" else width

    def meaning(self) -> dict[str, Any]:
        """Return the block as plain data; a norm or activation of kind `none` has no positions."""
        nowhere: dict[str, Any] = {}
        if isinstance(self.norm, NoNorm):
            nowhere["norm_at"] = ()
        if isinstance(self.act, NoAct):
            nowhere["act_at"] = ()
        return super(ConvBlock, self.model_copy(update=nowhere)).meaning()

    def inactive(self) -> frozenset[str]:
        """Return a norm or activation without positions, and `ratio_of` in a bottleneck."""
        unused = {
            "norm": not self.norm_at,
            "act": not self.act_at,
            "ratio_of": self.wide == "ends",
        }
        return frozenset(name for name, idle in unused.items() if idle)

    def inactive_unless(self, *, projects: bool) -> frozenset[str]:
        """Add the shortcut and `ratio_of` if no block changes the shape."""
        return self.inactive() if projects else self.inactive() | {"shortcut", "ratio_of"}

    def costless(self) -> frozenset[str]:
        """Return the activation and its positions, if it costs nothing."""
        return frozenset({"act", "act_at"}) if is_idle(type(self.act)) else frozenset()

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the branch, its scale and drop path, the shortcut, and the last activation."""
        out = self.out_channels(at.width)
        changes = at.stride > 1 or x.channels != out
        return {
            "branch": Sequential.of(dict(self._branch(x, at))),
            "scale": Identity()
            if self.layer_scale_init is None
            else LayerScale(self.layer_scale_init),
            "drop_path": DropPath(),
            "shortcut": self.shortcut.on(at.with_width(out)) if changes else Identity(),
            "act": self.act if 3 in self.act_at else Identity(),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Add the shortcut to the branch; the branch runs first, to have its memory peak before."""
        return m.act(self._add(m.drop_path(m.scale(m.branch(x))), m.shortcut(x)))

    @property
    def _add(self) -> Callable[[Any, Any], Any]:
        """The addition: in place if the branch ends in a new tensor that no gradient needs.

        The outputs of a batch norm and of a layer scale are such tensors. Those of a layer norm and
        a pointwise layer are views, whose gradients torch would copy.
        """
        normed = 3 in self.norm_at and isinstance(self.norm, BatchNorm)
        return _add_onto if normed or self.layer_scale_init is not None else _add_anew

    def _branch(self, x: Feature, at: PartContext) -> Iterator[tuple[str, Layer]]:
        """Yield the three layers in their order, each with the norm and activation after it."""
        if 0 in self.norm_at:
            yield "norm0", self.norm
        for position, (name, layer) in enumerate(self._three(x, at), start=1):
            if name == "pointwise2" and self.response is not None:
                yield "response", placed(self.response, PartContext(x.channels))
            yield name, layer
            if position in self.norm_at:
                yield f"norm{position}", self.norm
            if position in self.act_at and position < 3:
                yield f"act{position}", self.act

    def _three(self, x: Feature, at: PartContext) -> list[tuple[str, Layer]]:
        out = self.out_channels(at.width)
        narrow = x.channels if self.ratio_of == "input" else at.width
        inner = at.width if self.wide == "ends" else self._wider(narrow)
        order = ["first", "middle", "last"].index(self.spatial_at)
        width = (x.channels, inner, out)[order]
        layers: list[tuple[str, Layer]] = [
            ("pointwise1", Linear(inner, self.bias)),
            ("pointwise2", Linear(out, self.bias)),
        ]
        layers.insert(order, ("spatial", self.spatial.on(at.with_width(width))))
        return layers

    def _wider(self, width: int) -> int:
        return int(width * self.ratio)


def _add_anew(branch: Any, shortcut: Any) -> Any:
    return branch + shortcut


def _add_onto(branch: Any, shortcut: Any) -> Any:
    branch += shortcut
    return branch
