"""What a leaf layer says about itself."""

from __future__ import annotations

from designspace.errors import InputError
from designspace.layers.cost import NOTHING, Cost
from designspace.layers.feature import Feature


class ShapeError(InputError):
    """A layer cannot take the features that reach it."""


class Leaf:
    """A layer with a formula here and a lowering to a module in `designspace.compiler`.

    Leaves are frozen values without tensors. A leaf that keeps the shape and costs nothing needs
    to say nothing more.
    """

    __slots__ = ()

    def out(self, *xs: Feature) -> Feature:
        """Shape of the output.

        Raises:
            ShapeError: The inputs cannot be taken.
        """
        return xs[0]

    def cost(self, *xs: Feature) -> Cost:  # noqa: ARG002
        """Cost for inputs of these shapes."""
        return NOTHING
