"""Depthwise convolution of a few channels, with a square kernel and two bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from designspace.layers.feature import Feature
from designspace.layers.leaves.channels import Concat, TakeChannels
from designspace.layers.leaves.convolution import Conv
from designspace.layers.numbers import OddInt
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import Mixer, keeps_stride


class InceptionMixer(Mixer):
    """Three small depthwise branches beside an identity (InceptionNeXt, arXiv 2303.16900).

    timm's `inception_next_tiny` uses it.

    Attributes:
        ratio: Share of the channels in each branch; the product is truncated to whole channels.
        square: Side of the square kernel.
        band: Length of the two band kernels, which are one position wide.
    """

    kind: Literal["inception"] = "inception"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "ratio": (0.125, 0.25),
        "square": (1, 3),
        "band": (3, 5, 11),
    }
    can_shrink: ClassVar[bool] = False
    ratio: Annotated[float, Field(strict=True, gt=0, lt=1 / 3)] = 0.125
    square: OddInt = 3
    band: OddInt = 11

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the slices of the channels, the convolutions, and the concatenation."""
        keeps_stride(self, at)
        branch = int(x.channels * self.ratio)
        rest = x.channels - 3 * branch
        return {
            "rest": TakeChannels(0, rest),
            "for_square": TakeChannels(rest, branch),
            "square": Conv(branch, self.square, groups=branch),
            "for_row": TakeChannels(rest + branch, branch),
            "row": Conv(branch, (1, self.band), groups=branch),
            "for_column": TakeChannels(rest + 2 * branch, branch),
            "column": Conv(branch, (self.band, 1), groups=branch),
            "concat": Concat(),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Convolve three slices of a map, and concatenate them with the rest."""
        square, row = m.square(m.for_square(x)), m.row(m.for_row(x))
        return m.concat(m.rest(x), square, row, m.column(m.for_column(x)))
