"""Parts: kinds that are made of layers, and the two ways to put layers together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import lcm
from typing import Any, ClassVar, Protocol, TypeAlias

from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf


@dataclass(frozen=True, slots=True)
class PartContext:
    """Where a part stands in the network.

    Attributes:
        width: Channels that the part is to give; of a block, its stage's width.
        stride: Step by which the part is to shrink the map.
        index: Position in the stage, counted up to the part's `period`.
    """

    width: int
    stride: int = 1
    index: int = 0

    def with_width(self, width: int) -> PartContext:
        """The same place for a part that is to give another width."""
        return PartContext(width, self.stride, self.index)


class Children(Protocol):
    """A part's layers under their names, to be called on features or on tensors."""

    def __getattr__(self, name: str) -> Any: ...


class Composite(Kind):
    """A kind that lists its layers once and says once how they are joined.

    `forward` runs on shapes for the cost, on shapes again to know what to build, and on tensors.
    It calls every layer, and branches on nothing: what a field leaves out is an `Identity`.

    Attributes:
        overwrites: Names of activations that may overwrite their input: `forward` makes it and
            gives it to no other layer.
        can_shrink: Whether it takes a place whose stride is larger than 1.
        example_input: The shape of a feature that the default values take, for the tests.
    """

    __slots__ = ("_period",)  # kept as `Frozen` keeps the hash

    overwrites: ClassVar[tuple[str, ...]] = ()
    can_shrink: ClassVar[bool] = True
    example_input: ClassVar[tuple[int, ...]] = (8, 8, 32)

    def period(self) -> int:
        """Number of blocks after which a stage's pattern repeats: that of the nested parts."""
        try:
            return object.__getattribute__(self, "_period")
        except AttributeError:
            parts = (part for _, part in self.nested() if isinstance(part, Composite))
            value = lcm(*(part.period() for part in parts))
            object.__setattr__(self, "_period", value)
            return value

    def costless(self) -> frozenset[str]:
        """Fields of which neither shapes nor costs depend, given the others; tested as said."""
        return frozenset()

    @abstractmethod
    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """The layers by name, in the order of use."""

    @abstractmethod
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """`forward(m, x)`: join the layers `m` on a feature, or on its tensor (see `Feature`).

        Nearly every part takes one input; a shortcut that also needs the normed one takes two.
        """

    def on(self, at: PartContext) -> BoundPart:
        """This part, put in its place."""
        return BoundPart(self, at)


@dataclass(frozen=True, slots=True)
class BoundPart:
    """A part and its place: together they determine its layers on given features."""

    part: Composite
    at: PartContext


@dataclass(frozen=True, slots=True)
class Sequential:
    """Named layers, one after the other."""

    layers: tuple[tuple[str, Layer], ...]

    @staticmethod
    def of(layers: Mapping[str, Layer]) -> Sequential:
        """A chain in the mapping's order, bare of identities."""
        return Sequential(tuple(layers.items()))


Layer: TypeAlias = Leaf | BoundPart | Sequential


def placed(kind: Kind, at: PartContext) -> Layer:
    """A kind of a family that has both leaves and parts, as a layer in its place."""
    if isinstance(kind, Composite):
        return kind.on(at)
    assert isinstance(kind, Leaf)
    return kind
