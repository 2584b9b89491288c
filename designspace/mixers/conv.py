"""Convolution as the token mixer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.layers.feature import Feature, ShapeError
from designspace.layers.frozen import Frozen
from designspace.layers.leaves.convolution import Conv
from designspace.layers.numbers import OddInt, Size
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import Mixer


class GroupWidth(Frozen):
    """Groups of a given width (RegNet, arXiv 2003.13678); fewer channels are one group.

    Attributes:
        width: Number of channels per group.
    """

    width: Size

    def groups_of(self, channels: int) -> int:
        """Return the number of groups.

        Raises:
            ShapeError: The number of channels is not a multiple of the width.
        """
        width = min(self.width, channels)
        if channels % width:
            raise ShapeError(
                f"{channels} channels are not a whole number of groups of {width}",
                hint=f"use widths that are multiples of {width}",
            )
        return channels // width


class ConvMixer(Mixer):
    """A dense, grouped or depthwise convolution.

    Attributes:
        kernel_size: Side of the kernel; odd, so that it is centred.
        kernel_width: Width of a rectangular kernel, whose height is `kernel_size`, as in SLaK
            (arXiv 2207.03620); null for a square kernel.
        dilation: Distance of neighbouring kernel values in positions, as in DeepLab and in timm's
            networks with an `output_stride`.
        groups: Number of groups, `{width: ...}` for groups of that width, or `depthwise` for one
            group per channel.
        bias: Whether a bias is added.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "kernel_size": (1, 3, 5, 7),
        "kernel_width": (None, 1, 5),
        "dilation": (1, 2),
        "groups": ("depthwise", 1, 2, {"width": 4}),
    }
    added: ClassVar[frozenset[str]] = frozenset({"dilation"})
    kind: Literal["conv"] = "conv"
    kernel_size: OddInt = 7
    kernel_width: OddInt | None = None
    dilation: Size = 1
    groups: Size | GroupWidth | Literal["depthwise"] = "depthwise"
    bias: StrictBool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the convolution."""
        size: int | tuple[int, int] = self.kernel_size
        if self.kernel_width not in (None, size):
            size = (size, self.kernel_width)
        groups = self._groups(x.channels)
        return {
            "conv": Conv(
                at.width,
                size,
                at.stride,
                groups=groups,
                bias=self.bias,
                dilation=self.dilation,
            ),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Convolve."""
        return m.conv(x)

    def _groups(self, channels: int) -> int:
        if isinstance(self.groups, GroupWidth):
            return self.groups.groups_of(channels)
        return channels if self.groups == "depthwise" else self.groups
