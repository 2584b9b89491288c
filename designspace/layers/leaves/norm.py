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
    """A normalisation with a learnable scale and shift per channel."""

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"eps": (1e-5, 1e-6)}

    def cost(self, *xs: Feature) -> Cost:
        """Count a scale and a shift per channel."""
        return Cost(params=2 * xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep the input; most kinds also keep statistics."""
        return INPUT


class BatchNorm(Norm):
    """Batch norm: over the batch and all positions, per channel (arXiv 1502.03167)."""

    kind: Literal["batchnorm"] = "batchnorm"
    eps: Positive = 1e-5

    def saved(self, *xs: Feature) -> Saved:
        """Keep the input, and mean and deviation per channel over the batch."""
        return Saved(input=True, once=2 * xs[0].channels)


class LayerNorm(Norm):
    """Layer norm: over the channels, per position (arXiv 1607.06450).

    Attributes:
        eps: Constant that is added to the variance.
        bias: Whether there is a shift; timm's `convformer_s18` has none.
    """

    added: ClassVar[frozenset[str]] = frozenset({"bias"})
    kind: Literal["layernorm"] = "layernorm"
    eps: Positive = 1e-6
    bias: StrictBool = True
    autocast: ClassVar[Autocast] = "single"

    @classmethod
    def cases(cls) -> list[tuple[LayerNorm, tuple[Feature, ...]]]:
        """Cover layers with and without a shift."""
        return [(cls(bias=bias), (x,)) for bias in (True, False) for x in (MAP, TOKENS)]

    def cost(self, *xs: Feature) -> Cost:
        """Count a scale per channel, and a shift if there is one."""
        return Cost(params=(1 + self.bias) * xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:
        """Keep the input, and mean and deviation per position."""
        return Saved(input=True, single=2 * xs[0].positions)


class RMSNorm(Norm):
    """RMS norm: by the root of the mean square over the channels, per position; without a shift.

    Zhang and Sennrich, arXiv 1910.07467; timm's `convnext_zepto_rms` uses it.
    """

    kind: Literal["rmsnorm"] = "rmsnorm"
    eps: Positive = 1e-6
    autocast: ClassVar[Autocast] = "single"

    def cost(self, *xs: Feature) -> Cost:
        """Count a scale per channel."""
        return Cost(params=xs[0].channels)

    def saved(self, *xs: Feature) -> Saved:
        """Keep the input, and the root per position."""
        return Saved(input=True, single=xs[0].positions)


class GroupNorm(Norm):
    """Group norm: over the positions and a group of channels (arXiv 1803.08494).

    Attributes:
        groups: Number of groups.
        eps: Constant that is added to the variance.
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
        """Cover one group and several, with and without a shift."""
        norms = [cls(groups=groups, bias=bias) for groups in (1, 4) for bias in (True, False)]
        return [(norm, (x,)) for norm in norms for x in (MAP, TOKENS)]

    def cost(self, *xs: Feature) -> Cost:
        """Count a scale per channel, and a shift if there is one."""
        return Cost(params=(1 + self.bias) * xs[0].channels)

    def out(self, *xs: Feature) -> Feature:
        """Return the input's shape.

        Raises:
            ShapeError: The groups do not divide the channels.
        """
        if xs[0].channels % self.groups:
            raise ShapeError(f"{self.groups} norm groups do not divide {xs[0].channels} channels")
        return xs[0]

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep the input, and mean and deviation per group."""
        return Saved(input=True, single=2 * self.groups)


class NoNorm(Norm):
    """No normalisation."""

    kind: Literal["none"] = "none"
    is_view: ClassVar[bool] = True

    def cost(self, *xs: Feature) -> Cost:  # noqa: ARG002
        """Count nothing."""
        return Cost()

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep nothing."""
        return NOTHING


class InheritNorm(Norm):
    """The network's norm; it is filled in before any layer is made."""

    kind: Literal["inherit"] = "inherit"
