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
    """Attention in windows with relative position bias (Swin, arXiv 2103.14030, section 3.2).

    A window is never larger than the map for which the network is built. A map that the windows do
    not divide is padded.

    Attributes:
        window: Side of a window in positions.
        head_dim: Number of channels per head.
        qkv_bias: Whether the layer of queries, keys and values has a bias.
        shift: Whether the windows of every second block are shifted by half a window.
        pad: Order of padding and shift for a map that the windows do not divide: padded before the
            shift, as in the authors' code for detection, or after it, as in timm. For other maps
            the two are the same.
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
        """Return the order of padding and shift if nothing is shifted."""
        return frozenset() if self.shift else frozenset({"pad"})

    def period(self) -> int:
        """Return 2 if plain and shifted windows alternate, else 1."""
        return 2 if self.shift else 1

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """List the partition, the attention with its projections, and the merge."""
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
        """Attend within the windows of a map."""
        return m.merge(m.proj(m.attend(m.qkv(m.partition(x)), x)), x)
