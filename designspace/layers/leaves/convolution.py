"""Convolution and linear layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, TOKENS, VECTOR, Leaf, ShapeError, sides
from designspace.layers.saved_tensors import Autocast, Saved


def window_steps(
    length: int, kernel_size: int, stride: int, padding: int, dilation: int = 1
) -> int:
    """Return the output length of a sliding window.

    Raises:
        ShapeError: The window is larger than the padded side.
    """
    reach = dilation * (kernel_size - 1) + 1
    if length + 2 * padding < reach:
        raise ShapeError(
            f"a map of side {length} is too small for a window of {reach} "
            f"with stride {stride} and padding {padding}",
            hint="use a larger input, fewer stages or smaller strides",
        )
    return (length + 2 * padding - reach) // stride + 1


@dataclass(frozen=True, slots=True)
class Conv(Leaf):
    """A convolution over a map.

    Attributes:
        channels: Number of output channels.
        kernel_size: Side of the kernel, or its height and width.
        stride: Stride in both directions.
        padding: Number of zeros on each side; None centres an odd kernel.
        groups: Number of groups of channels; one group per channel is a depthwise convolution.
        bias: Whether a bias is added.
        dilation: Distance of neighbouring kernel values in positions, in both directions.
    """

    channels: int
    kernel_size: int | tuple[int, int]
    stride: int = 1
    padding: int | None = None
    groups: int = 1
    bias: bool = True
    dilation: int = 1
    autocast: ClassVar[Autocast] = "half"

    @classmethod
    def cases(cls) -> list[tuple[Conv, tuple[Feature, ...]]]:
        """Cover dense, strided, grouped, depthwise, patch, rectangular and dilated convolutions."""
        layers = (
            cls(16, 3),
            cls(16, 3, 2, bias=False),
            cls(32, 3, groups=4),
            cls(32, 5, groups=32),
            cls(16, 2, 2, padding=0),
            cls(32, (1, 5), groups=32),
            cls(16, (3, 1), stride=2),
            cls(32, 3, groups=32, dilation=2),
            cls(16, (3, 1), dilation=3),
        )
        return [(layer, (x,)) for layer in layers for x in (MAP, Feature((9, 6, 32)))]

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the kernel."""
        size = self.kernel_size
        return size if isinstance(size, tuple) else (size, size)

    @property
    def pads(self) -> tuple[int, int]:
        """Zeros on each side: above and below, and on the left and right."""
        if self.padding is not None:
            return self.padding, self.padding
        height, width = self.kernel
        return self.dilation * (height // 2), self.dilation * (width // 2)

    def out(self, *xs: Feature) -> Feature:
        """Return (height', width', channels) for (height, width, in)."""
        (x,) = xs
        if x.channels % self.groups or self.channels % self.groups:
            raise ShapeError(
                f"{self.groups} groups do not divide {x.channels} -> {self.channels} channels",
                hint="groups must divide both",
            )
        return Feature((*self._size(x), self.channels))

    def cost(self, *xs: Feature) -> Cost:
        """Count one multiply-add per weight and output position."""
        (x,) = xs
        weights, (height, width) = self._weights(x), self._size(x)
        positions = height * width
        macs = weights * positions
        return Cost(
            params=weights + self.channels * self.bias,
            macs=macs,
            acts=positions * self.channels,
            spatial=macs if self.kernel_size not in (1, (1, 1)) else 0,
        )

    def saved(self, *xs: Feature) -> Saved:
        """Keep the input, and the weights in half precision."""
        return Saved(input=True, weights=self._weights(xs[0]))

    def _weights(self, x: Feature) -> int:
        size = self.kernel_size
        area = size[0] * size[1] if isinstance(size, tuple) else size * size
        return area * (x.channels // self.groups) * self.channels

    def _size(self, x: Feature) -> tuple[int, int]:
        height, width = sides(x)
        size, padding = self.kernel_size, self.padding
        if isinstance(size, tuple):
            (down, right), pads = size, self.pads
            return (
                window_steps(height, down, self.stride, pads[0], self.dilation),
                window_steps(width, right, self.stride, pads[1], self.dilation),
            )
        pad = self.dilation * (size // 2) if padding is None else padding
        steps = window_steps(height, size, self.stride, pad, self.dilation)
        if height == width:  # almost always
            return steps, steps
        return steps, window_steps(width, size, self.stride, pad, self.dilation)


@dataclass(frozen=True, slots=True)
class Linear(Leaf):
    """A linear layer over the channels, the same at every position (a 1x1 convolution).

    Attributes:
        channels: Number of output channels.
        bias: Whether a bias is added.
    """

    channels: int
    bias: bool = True
    autocast: ClassVar[Autocast] = "half"

    @classmethod
    def cases(cls) -> list[tuple[Linear, tuple[Feature, ...]]]:
        """Cover maps, tokens and vectors, with and without a bias."""
        return [(cls(16, bias), (x,)) for x in (MAP, TOKENS, VECTOR) for bias in (True, False)]

    def out(self, *xs: Feature) -> Feature:
        """Return (..., channels) for (..., in)."""
        return xs[0].with_channels(self.channels)

    def cost(self, *xs: Feature) -> Cost:
        """Count one multiply-add per weight and position."""
        (x,) = xs
        weights = x.channels * self.channels
        return Cost(
            params=weights + self.channels * self.bias,
            macs=weights * x.positions,
            acts=self.channels * x.positions,
        )

    def saved(self, *xs: Feature) -> Saved:
        """Keep the input, and the weights in half precision."""
        return Saved(input=True, weights=xs[0].channels * self.channels)
