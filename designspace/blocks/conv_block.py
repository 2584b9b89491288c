"""The convolution block: ResNet's bottleneck, ConvNeXt's block and all between."""

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
    """Two pointwise layers and a spatial one on one residual branch.

    The width changes between the two pointwise layers' outer and inner sides by `ratio`.

    Attributes:
        wide: Which side is wide: `ends` is a bottleneck (He et al., arXiv 1512.03385), whose
            stage width is the narrow side; `middle` is inverted (Sandler et al., arXiv
            1801.04381).
        ratio: Wide over narrow channels; a fraction is truncated to whole channels.
        ratio_of: Narrow channels of an inverted block: the stage's width, or the channels that the
            block takes, as in MobileNetV2 and EfficientNet.
        spatial: The token mixer.
        spatial_at: Where it stands: before, between or after the pointwise layers.
        norm: The block's norm.
        norm_at: After which of the three layers a norm stands; 0 is before the first.
        act: The block's activation.
        act_at: After which layers an activation stands; 3 is after the addition.
        bias: Whether the pointwise layers have biases.
        response: What rescales the channels before the second pointwise layer; null for nothing.
        layer_scale_init: Initial value of a learnable factor a channel of the branch; null for
            none.
        shortcut: The residual path where the block changes the shape.
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
        """The outer side of the block."""
        return self._wider(width) if self.wide == "ends" else width

    def meaning(self) -> dict[str, Any]:
        """As data; a norm or activation of kind `none` stands nowhere."""
        nowhere: dict[str, Any] = {}
        if isinstance(self.norm, NoNorm):
            nowhere["norm_at"] = ()
        if isinstance(self.act, NoAct):
            nowhere["act_at"] = ()
        return super(ConvBlock, self.model_copy(update=nowhere)).meaning()

    def inactive(self) -> frozenset[str]:
        """A norm or activation that stands nowhere; `ratio_of` in a bottleneck."""
        unused = {
            "norm": not self.norm_at,
            "act": not self.act_at,
            "ratio_of": self.wide == "ends",
        }
        return frozenset(name for name, idle in unused.items() if idle)

    def inactive_unless(self, *, projects: bool) -> frozenset[str]:
        """The shortcut and `ratio_of` as well, where no block changes the shape."""
        return self.inactive() if projects else self.inactive() | {"shortcut", "ratio_of"}

    def costless(self) -> frozenset[str]:
        """The activation and where it stands, where it costs nothing."""
        return frozenset({"act", "act_at"}) if is_idle(type(self.act)) else frozenset()

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """The branch, what weighs it, the shortcut, and what follows the addition."""
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
        """Add the shortcut to the branch, whose peak of memory comes before the shortcut."""
        return m.act(self._add(m.drop_path(m.scale(m.branch(x))), m.shortcut(x)))

    @property
    def _add(self) -> Callable[[Any, Any], Any]:
        """In place where the branch ends in a tensor of its own that no gradient needs.

        A batch norm's output and a scaled one are that. A layer norm's and a pointwise layer's are
        views, whose gradients torch would copy.
        """
        normed = 3 in self.norm_at and isinstance(self.norm, BatchNorm)
        return _add_onto if normed or self.layer_scale_init is not None else _add_anew

    def _branch(self, x: Feature, at: PartContext) -> Iterator[tuple[str, Layer]]:
        """The three layers in their order, each with the norm and activation after it."""
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
