"""What a leaf layer says about itself."""

from __future__ import annotations

from typing import ClassVar

from designspace.layers import saved
from designspace.layers.cost import NOTHING, Cost
from designspace.layers.feature import Feature, ShapeError
from designspace.layers.saved import Autocast, Saved


def sides(x: Feature) -> tuple[int, int]:
    """Height and width of a map.

    Raises:
        ShapeError: It is no map: tokens, or a single vector.
    """
    if len(x.size) != 2:
        raise ShapeError(
            f"expected a map (height x width), got {x}",
            hint="tokens take the mixers `attention` and `mlp` and the head `class_token`",
        )
    height, width = x.size
    return height, width


class Leaf:
    """A layer with a formula here and a lowering to a module in `designspace.compiler`.

    Leaves are frozen values without tensors. A leaf that hands on its input and costs nothing
    needs to say nothing more.

    Attributes:
        is_view: Whether the output is the input's own memory.
        autocast: What automatic mixed precision makes of it.
    """

    __slots__ = ()

    is_view: ClassVar[bool] = False
    autocast: ClassVar[Autocast] = "follow"

    def out(self, *xs: Feature) -> Feature:
        """Shape of the output.

        Raises:
            ShapeError: The inputs cannot be taken.
        """
        return xs[0]

    def cost(self, *xs: Feature) -> Cost:  # noqa: ARG002
        """Cost for inputs of these shapes."""
        return NOTHING

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """What it keeps for its backward pass, for inputs of these shapes."""
        return saved.NOTHING
