"""Activations."""

from __future__ import annotations

from typing import ClassVar, Literal

from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf
from designspace.layers.saved_tensors import INPUT, NOTHING, Saved


class Act(Kind, Leaf, family="act"):
    """An elementwise nonlinearity."""

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep the input."""
        return INPUT


class ReLU(Act):
    """max(x, 0)."""

    kind: Literal["relu"] = "relu"

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep the output, which the next layer usually keeps anyway."""
        return Saved(output=True)


class ReLU6(Act):
    """min(max(x, 0), 6), in MobileNetV2 (arXiv 1801.04381)."""

    kind: Literal["relu6"] = "relu6"


class GELU(Act):
    """x times the normal distribution's CDF at x (arXiv 1606.08415)."""

    kind: Literal["gelu"] = "gelu"


class SiLU(Act):
    """x times its sigmoid (arXiv 1702.03118)."""

    kind: Literal["silu"] = "silu"


class HardSwish(Act):
    """x times a piecewise linear sigmoid (arXiv 1905.02244)."""

    kind: Literal["hardswish"] = "hardswish"


class Sigmoid(Act):
    """The logistic function, the usual gate (arXiv 1709.01507)."""

    kind: Literal["sigmoid"] = "sigmoid"

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep the output."""
        return Saved(output=True)


class HardSigmoid(Act):
    """A piecewise linear sigmoid, MobileNetV3's gate (arXiv 1905.02244, section 5.2)."""

    kind: Literal["hardsigmoid"] = "hardsigmoid"


class NoAct(Act):
    """No nonlinearity."""

    kind: Literal["none"] = "none"
    is_view: ClassVar[bool] = True

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Keep nothing."""
        return NOTHING


class InheritAct(Act):
    """The network's activation; it is filled in before any layer is made."""

    kind: Literal["inherit"] = "inherit"
