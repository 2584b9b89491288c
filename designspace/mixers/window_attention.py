"""Self-attention within windows, shifted in every second block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from designspace.layers.feature import Feature
from designspace.layers.leaf import sides
from designspace.layers.leaves.attention import heads_of
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.windows import WindowAttend, WindowMerge, WindowPartition
from designspace.layers.numbers import Size
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import Mixer, keeps_stride


class WindowAttention(Mixer):
    """Windows with relative position bias (Swin, arXiv 2103.14030, section 3.2).

    A window is never larger than the map for which the network is built; maps that it does not
    divide are padded.

    Attributes:
        window: Side of a window in positions.
        head_dim: Channels of a head.
        qkv_bias: Whether queries, keys and values have biases.
        shift: Whether the windows of every second block are shifted by half a window.
        pad: Whether a map that the windows do not divide is padded before it is shifted, as in the
            authors' code for detection, or after, as in timm: no other sizes tell the two apart.
    """

    examples: ClassVar[Mapping[str, Sequence[Any]]] = {"window": (2, 4, 7), "head_dim": (4, 8)}
    can_shrink: ClassVar[bool] = False
    kind: Literal["window"] = "window"
    window: Size = 7
    head_dim: Size = 32
    qkv_bias: StrictBool = True
    shift: StrictBool = True
    pad: Literal["before_shift", "after_shift"] = "before_shift"

    def inactive(self) -> frozenset[str]:
        """The order of padding and shift, where nothing is shifted."""
        return frozenset() if self.shift else frozenset({"pad"})

    def period(self) -> int:
        """Plain and shifted windows in turn."""
        return 2 if self.shift else 1

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """Cut, attend within each window, put back."""
        keeps_stride(self, at)
        window = min(self.window, *sides(x))
        shift = window // 2 if at.index % 2 else 0
        first = self.pad == "before_shift"
        return {
            "partition": WindowPartition(window, shift, first),
            "qkv": Linear(3 * at.width, self.qkv_bias),
            "attend": WindowAttend(heads_of(at.width, self.head_dim), window, shift),
            "proj": Linear(at.width),
            "merge": WindowMerge(window, shift, first),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """On a map."""
        return m.merge(m.proj(m.attend(m.qkv(m.partition(x)), x)), x)
