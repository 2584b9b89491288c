"""What a leaf layer says about itself."""

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
"""Where a leaf's cost is from: a formula here, or a run of its module on torch's meta device."""


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
        counted_by: Where its cost is from; tables mark what has no formula.
    """

    __slots__ = ()

    is_view: ClassVar[bool] = False
    autocast: ClassVar[Autocast] = "follow"
    counted_by: ClassVar[CountedBy] = "formula"

    @classmethod
    def cases(cls) -> Iterable[tuple[Self, tuple[Feature, ...]]]:
        """Small layers of this class and what they take, on which the tests check the formulas.

        By default the layer without arguments, on a map and on tokens.
        """
        return [(cls(), (MAP,)), (cls(), (TOKENS,))]

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
        return saved_tensors.NOTHING


@cache
def is_idle(kind: type[object]) -> bool:
    """Whether all layers of this class are leaves that keep the shape and cost nothing."""
    return issubclass(kind, Leaf) and kind.cost is Leaf.cost and kind.out is Leaf.out
