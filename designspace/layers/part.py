"""Parts: kinds that consist of layers, and the two ways to combine layers."""

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
    """The context of a part in the network.

    Attributes:
        width: Number of output channels; for a block, its stage's width.
        stride: Factor by which the part shrinks the sides of the map.
        index: Position in the stage, from 0 to the part's `period` - 1.
    """

    width: int
    stride: int = 1
    index: int = 0

    def with_width(self, width: int) -> PartContext:
        """Return the same context with another width."""
        return PartContext(width, self.stride, self.index)


class Children(Protocol):
    """A part's layers as attributes, to call on features or on tensors."""

    def __getattr__(self, name: str) -> Any: ...


class Composite(Kind):
    """A kind that lists its layers once and defines once how they are connected.

    `forward` runs on shapes for the cost, on shapes again to find out what to build, and on
    tensors. It calls every layer exactly once and has no branches: a layer that a field leaves out
    is an `Identity`.

    Attributes:
        overwrites: Names of activations that may overwrite their input: the input is created in
            `forward` and no other layer reads it.
        can_shrink: Whether the part accepts a stride larger than 1.
        example_input: Shape of an input that fits the default values, for the tests.
    """

    __slots__ = ("_period",)  # cached like the hash in `Frozen`

    overwrites: ClassVar[tuple[str, ...]] = ()
    can_shrink: ClassVar[bool] = True
    example_input: ClassVar[tuple[int, ...]] = (8, 8, 32)

    def period(self) -> int:
        """Return the number of blocks after which the pattern of the nested parts repeats."""
        try:
            return object.__getattribute__(self, "_period")
        except AttributeError:
            parts = (part for _, part in self.nested() if isinstance(part, Composite))
            value = lcm(*(part.period() for part in parts))
            object.__setattr__(self, "_period", value)
            return value

    def costless(self) -> frozenset[str]:
        """Return the fields that change neither shapes nor costs, given the others (tested)."""
        return frozenset()

    @abstractmethod
    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """Return the layers by name, in the order of use."""

    @abstractmethod
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Connect the layers `m` on a feature or its tensor `x` (see `Feature`): `forward(m, x)`.

        Nearly every part takes one input; a shortcut that also needs the normed input takes two.
        """

    def on(self, at: PartContext) -> BoundPart:
        """Return this part with its context."""
        return BoundPart(self, at)


@dataclass(frozen=True, slots=True)
class BoundPart:
    """A part and its context: together they determine its layers for given features."""

    part: Composite
    at: PartContext


@dataclass(frozen=True, slots=True)
class Sequential:
    """A chain of named layers, one after the other."""

    layers: tuple[tuple[str, Layer], ...]

    @staticmethod
    def of(layers: Mapping[str, Layer]) -> Sequential:
        """Return a chain of the layers in the order of the mapping."""
        return Sequential(tuple(layers.items()))


Layer: TypeAlias = Leaf | BoundPart | Sequential


def placed(kind: Kind, at: PartContext) -> Layer:
    """Return a kind as a layer, for a family that has both leaves and parts."""
    if isinstance(kind, Composite):
        return kind.on(at)
    assert isinstance(kind, Leaf)
    return kind
