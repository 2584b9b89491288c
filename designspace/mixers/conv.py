"""Convolution as the token mixer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from designspace.layers.convolution import Conv
from designspace.layers.feature import Feature
from designspace.layers.numbers import OddInt, Size, Truth
from designspace.layers.part import Callables, Layer, Place
from designspace.mixers.mixer import Mixer


class ConvMixer(Mixer):
    """A convolution, dense, grouped or depthwise.

    Attributes:
        kernel_size: Side of the kernel; odd, so that it is centred.
        groups: A number of groups, or `depthwise`: one a channel.
        bias: Whether a bias is added.
    """

    kind: Literal["conv"] = "conv"
    kernel_size: OddInt = 7
    groups: Size | Literal["depthwise"] = "depthwise"
    bias: Truth = True

    def layers(self, x: Feature, at: Place) -> Mapping[str, Layer]:
        """One convolution."""
        groups = x.channels if self.groups == "depthwise" else self.groups
        return {
            "conv": Conv(at.width, self.kernel_size, at.stride, groups=groups, bias=self.bias),
        }

    def forward(self, m: Callables, x: Any) -> Any:
        """Convolve."""
        return m.conv(x)
