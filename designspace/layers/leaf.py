"""The base of leaf layers: shape, cost and memory of one operation."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import ClassVar, Literal, Self, TypeAlias

from designspace.layers import saved_tensors
from designspace.layers.cost import NOTHING, Cost
from designspace.layers.feature import Feature, ShapeError
from designspace.layers.saved_tensors import Autocast, Saved

MAP, TOKENS, VECTOR = Feature((8, 8, 32)), Feature((64, 32)), Feature((32,))  # small examples

CountedBy: TypeAlias = Literal["formula", "torch"]
"""Source of a leaf's cost: a formula here, or a run of its module on torch's meta device."""


def sides(x: Feature) -> tuple[int, int]:
    """Return height and width of a map.

    Raises:
        ShapeError: The feature is not a map, but tokens or a single vector.
    """
    if len(x.size) != 2:
        raise ShapeError(
            f"expected a map (height x width), got {x}",
            hint="for tokens use the mixers `attention` and `mlp` and the head `class_token`",
        )
    height, width = x.size
    return height, width


class Leaf:
    """A layer with formulas here and a lowering to a module in `designspace.compiler`.

    Leaves are frozen values without tensors. A leaf that keeps its input's shape and costs nothing
    does not need to override any method.

    Attributes:
        is_view: Whether the output shares the input's memory.
        autocast: Precision under automatic mixed precision.
        counted_by: Source of its cost; tables mark leaves without a formula.
    """

    __slots__ = ()

    is_view: ClassVar[bool] = False
    autocast: ClassVar[Autocast] = "follow"
    counted_by: ClassVar[CountedBy] = "formula"

    @classmethod
    def cases(cls) -> Iterable[tuple[Self, tuple[Feature, ...]]]:
        """Return small layers of this class with inputs, on which the tests check the formulas.

        By default this is the layer without arguments, on a map and on tokens.
        """
        return [(cls(), (MAP,)), (cls(), (TOKENS,))]

    def out(self, *xs: Feature) -> Feature:
        """Return the shape of the output.

        Raises:
            ShapeError: The layer cannot take these inputs.
        """
        return xs[0]

    def cost(self, *xs: Feature) -> Cost:  # noqa: ARG002
        """Return the cost for inputs of these shapes."""
        return NOTHING

    def saved(self, *xs: Feature) -> Saved:  # noqa: ARG002
        """Return what the layer keeps for its backward pass, for inputs of these shapes."""
        return saved_tensors.NOTHING


@cache
def is_idle(kind: type[object]) -> bool:
    """Return whether all layers of this class are leaves that keep the shape and cost nothing."""
    return issubclass(kind, Leaf) and kind.cost is Leaf.cost and kind.out is Leaf.out
