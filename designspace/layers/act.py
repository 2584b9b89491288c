"""Activations."""

from __future__ import annotations

from typing import Literal

from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf


class Act(Kind, Leaf, family="act"):
    """An elementwise nonlinearity."""


class ReLU(Act):
    """max(x, 0)."""

    kind: Literal["relu"] = "relu"


class GELU(Act):
    """x times the normal distribution's CDF at x (arXiv 1606.08415)."""

    kind: Literal["gelu"] = "gelu"


class SiLU(Act):
    """x times its sigmoid (arXiv 1702.03118)."""

    kind: Literal["silu"] = "silu"


class HardSwish(Act):
    """x times a piecewise linear sigmoid (arXiv 1905.02244)."""

    kind: Literal["hardswish"] = "hardswish"


class NoAct(Act):
    """No nonlinearity."""

    kind: Literal["none"] = "none"


class InheritAct(Act):
    """The network's activation; filled in before any layer is made."""

    kind: Literal["inherit"] = "inherit"
