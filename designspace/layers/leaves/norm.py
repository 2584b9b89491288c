"""Normalisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaf import MAP, TOKENS, Leaf, ShapeError
from designspace.layers.numbers import Positive, Size
from designspace.layers.saved_tensors import INPUT, NOTHING, Autocast, Saved


class Norm(Kind, Leaf, family="norm"):
    """A normalisation with a learnable scale and shift a channel."""

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"eps": (1e-5, 1e-6)}

    def cost(self, *xs: Feature) -> Cost:
        """A scale and a shift a channel."""
        return Cost(params=2 * xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Its input, and the statistics that it took."""
        return INPUT


class BatchNorm(Norm):
    """Over the batch and all positions, a channel at a time (arXiv 1502.03167)."""

    kind: Literal["batchnorm"] = "batchnorm"
    eps: Positive = 1e-5

    def saved(self, *xs: Feature) -> Saved:
        """Mean and deviation of a channel, over the batch."""
        return Saved(input=True, once=2 * xs[0].channels)


class LayerNorm(Norm):
    """Over the channels, a position at a time (arXiv 1607.06450).

    Attributes:
        eps: Added to the variance.
        bias: Whether there is a shift; timm's `convformer_s18` has none.
    """

    added: ClassVar[frozenset[str]] = frozenset({"bias"})
    kind: Literal["layernorm"] = "layernorm"
    eps: Positive = 1e-6
    bias: StrictBool = True
    autocast: ClassVar[Autocast] = "single"

    @classmethod
    def cases(cls) -> list[tuple[LayerNorm, tuple[Feature, ...]]]:
        """With a shift and without."""
        return [(cls(bias=bias), (x,)) for bias in (True, False) for x in (MAP, TOKENS)]

    def cost(self, *xs: Feature) -> Cost:
        """A scale per channel, and a shift."""
        return Cost(params=(1 + self.bias) * xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:
        """Mean and deviation of a position."""
        return Saved(input=True, single=2 * xs[0].positions)


class RMSNorm(Norm):
    """The root of the mean square over the channels, per position, and no shift.

    Zhang and Sennrich, arXiv 1910.07467; in timm's `convnext_zepto_rms`.
    """

    kind: Literal["rmsnorm"] = "rmsnorm"
    eps: Positive = 1e-6
    autocast: ClassVar[Autocast] = "single"

    def cost(self, *xs: Feature) -> Cost:
        """A scale per channel."""
        return Cost(params=xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:
        """The root of a position."""
        return Saved(input=True, single=xs[0].positions)


class GroupNorm(Norm):
    """Over the positions and a group of channels (arXiv 1803.08494).

    Attributes:
        groups: Number of groups.
        eps: Added to the variance.
        bias: Whether there is a shift; timm's `poolformerv2_s12` has none.
    """

    added: ClassVar[frozenset[str]] = frozenset({"bias"})
    kind: Literal["groupnorm"] = "groupnorm"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"groups": (1, 2, 4)}
    groups: Size = 1
    eps: Positive = 1e-5
    bias: StrictBool = True
    autocast: ClassVar[Autocast] = "single"

    @classmethod
    def cases(cls) -> list[tuple[GroupNorm, tuple[Feature, ...]]]:
        """One group and several, with a shift and without."""
        norms = [cls(groups=groups, bias=bias) for groups in (1, 4) for bias in (True, False)]
        return [(norm, (x,)) for norm in norms for x in (MAP, TOKENS)]

    def cost(self, *xs: Feature) -> Cost:
        """A scale per channel, and a shift."""
        return Cost(params=(1 + self.bias) * xs[0].channels)

    def out(self, *xs: Feature) -> Feature:
        """The input's shape."""
        if xs[0].channels % self.groups:
            raise ShapeError(f"{self.groups} norm groups do not divide {xs[0].channels} channels")
        return xs[0]

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Mean and deviation of a group."""
        return Saved(input=True, single=2 * self.groups)


class NoNorm(Norm):
    """No normalisation."""

    kind: Literal["none"] = "none"
    is_view: ClassVar[bool] = True

    def cost(self, *xs: Feature) -> Cost:  # noqa: ARG002
        """Nothing."""
        return Cost()

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Nothing."""
        return NOTHING


class InheritNorm(Norm):
    """The network's norm; filled in before any layer is made."""

    kind: Literal["inherit"] = "inherit"
