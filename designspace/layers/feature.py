"""The shape of one image's features, which stands for a tensor, and its arithmetic.

`forward` of a part is run on shapes and on tensors, so `+`, `-` and `*` must mean the same on both.
Tensors have a batch axis in front, and torch aligns axes from the last one. If two features have
the same number of axes, their batch axes are aligned, and each image is combined with itself: sides
must be equal, or 1, which is repeated. If the numbers of axes differ, the batch axis of one is
aligned with a side of the other. For example, a map (B, C, H, W) times a vector (B, C) fails at
most batch sizes, and for B = H and C = W it silently scales values by those of other images. Such
operations are therefore refused on shapes, before the batch size is known. A vector that was pooled
to a map of one position, (B, C, 1, 1), is accepted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, Self, TypeAlias

from designspace.errors import InputError

Operator: TypeAlias = Literal["+", "-", "*"]
"""The operators that a part's `forward` may use between the outputs of its layers."""

_VERBS: dict[Operator, str] = {
    "+": "cannot add {other} to {this}",
    "-": "cannot subtract {other} from {this}",
    "*": "cannot multiply {this} by {other}",
}


class ShapeError(InputError):
    """An error: a layer cannot take the features that reach it."""


class Arithmetic(ABC):
    """Base of everything that stands for a tensor in a part's `forward`, with its operators."""

    __slots__ = ()

    @abstractmethod
    def combined(self, operator: Operator, other: Any) -> Self:
        """Return the result of an operator.

        Raises:
            ShapeError: Tensors of these shapes do not have this result for every batch size.
        """

    def _operate(self, operator: Operator, other: Any) -> Self:
        if type(other) is not type(self):
            raise ShapeError(
                f"`{operator}` joins the outputs of two layers, not {other!r}",
                hint="put constants into a leaf, which has a formula and a lowering",
            )
        return self.combined(operator, other)

    def __add__(self, other: Self) -> Self:
        return self._operate("+", other)

    def __sub__(self, other: Self) -> Self:
        return self._operate("-", other)

    def __mul__(self, other: Self) -> Self:
        return self._operate("*", other)

    __radd__, __rsub__, __rmul__ = __add__, __sub__, __mul__  # so that constants are refused


@dataclass(frozen=True, slots=True)
class Feature(Arithmetic):
    """A shape: positions, then channels. (56, 56, 96) is a map, (197, 384) are tokens.

    The batch axis is left out. Tensors of tokens and vectors have the same axes after the batch
    axis. Tensors of maps have the axes (batch, channels, height, width), as torch expects, with the
    channels last in memory, so that norms over channels and pointwise layers need no copy.
    """

    shape: tuple[int, ...]

    @property
    def channels(self) -> int:
        """Size of the last axis."""
        return self.shape[-1]

    @property
    def size(self) -> tuple[int, ...]:
        """All axes but the channels."""
        return self.shape[:-1]

    @property
    def positions(self) -> int:
        """Number of positions, each of which holds `channels` numbers."""
        return prod(self.size)

    @property
    def elements(self) -> int:
        """Number of elements for one image."""
        return prod(self.shape)

    def with_channels(self, channels: int) -> Feature:
        """Return a feature with the same positions and another number of channels."""
        return Feature((*self.size, channels))

    def combined(self, operator: Operator, other: Feature) -> Feature:
        """Return the shape of a sum, difference or product."""
        if self.shape == other.shape:
            return self
        if len(self.shape) != len(other.shape):
            raise ShapeError(
                f"{_refused(operator, self, other)}: a batch would meet a side",
                hint=_same_axes(self, other),
            )
        pairs = list(zip(self.shape, other.shape, strict=True))
        if any(a != b and 1 not in (a, b) for a, b in pairs):
            raise ShapeError(
                _refused(operator, self, other), hint="each side must be the same in both, or 1"
            )
        return Feature(tuple(max(pair) for pair in pairs))

    def __str__(self) -> str:
        channels = f"{self.channels} channel{'s' if self.channels > 1 else ''}"
        if not self.size:
            return f"a vector of {channels}"
        if len(self.size) == 1:
            return f"{self.positions} token{'s' if self.positions > 1 else ''} of {channels}"
        return f"a map {'x'.join(map(str, self.size))} of {channels}"


def _refused(operator: Operator, this: Feature, other: Feature) -> str:
    return _VERBS[operator].format(this=this, other=other)


def _same_axes(*features: Feature) -> str:
    """Return a hint how to give two features the same number of axes."""
    few, many = sorted(features, key=lambda feature: len(feature.shape))
    if not few.size:
        kept = Feature((*(1 for _ in many.size), few.channels))
        return f"pool with `GlobalAvgPool(keep_dims=True)`, which gives {kept}"
    return "`Flatten` turns a map into tokens, and `ReshapeLike` turns tokens into a map"


def image(size: int, channels: int = 3) -> Feature:
    """Return the shape of a square input image."""
    return Feature((size, size, channels))
