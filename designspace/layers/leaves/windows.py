"""Windows of a map (Swin, arXiv 2103.14030, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, Leaf, sides
from designspace.layers.leaves.attention import RANDOM_STATE, attention_cost, saved_sums
from designspace.layers.saved_tensors import Autocast, Saved


def _windows(length: int, window: int) -> int:
    """Windows along a side; the last one is padded."""
    return -(-length // window)


@dataclass(frozen=True, slots=True)
class WindowPartition(Leaf):
    """A map cut into windows, rolled before by `shift`, padded with zeros below and on the right.

    No map is rolled that a single window covers.

    Attributes:
        window: Side of a window.
        shift: Positions by which the map is rolled up and left.
        pad_first: Whether it is padded before it is rolled, or after.
    """

    window: int
    shift: int = 0
    pad_first: bool = True

    @classmethod
    def cases(cls) -> list[tuple[WindowPartition, tuple[Feature, ...]]]:
        """Windows that divide the map, padded and shifted ones, and one that covers it."""
        cuts = (cls(4), cls(4, 2), cls(3, 1), cls(3, 1, pad_first=False), cls(8, 4))
        return [(cut, (MAP,)) for cut in cuts]

    def out(self, *xs: Feature) -> Feature:
        """(height, width, channels) -> (windows, window ** 2, channels)."""
        (x,) = xs
        height, width = (_windows(side, self.window) for side in sides(x))
        return Feature((height * width, self.window**2, x.channels))


@dataclass(frozen=True, slots=True)
class WindowMerge(Leaf):
    """Windows put back to the map of the second input: undoes a partition of it."""

    window: int
    shift: int = 0
    pad_first: bool = True

    @classmethod
    def cases(cls) -> list[tuple[WindowMerge, tuple[Feature, ...]]]:
        """What the cases of a partition give."""
        return [
            (cls(cut.window, cut.shift, cut.pad_first), (cut.out(*xs), *xs))
            for cut, xs in WindowPartition.cases()
        ]

    def out(self, *xs: Feature) -> Feature:
        """(windows, window ** 2, channels), (height, width, any) -> (height, width, channels)."""
        x, like = xs
        return Feature((*like.size, x.channels))


@dataclass(frozen=True, slots=True)
class WindowAttend(Leaf):
    """Attention within each window with a bias for each offset of two positions.

    The second input is the map that was partitioned: where it was rolled, positions that were no
    neighbours before do not attend to each other.
    """

    heads: int
    window: int
    shift: int = 0
    autocast: ClassVar[Autocast] = "half"

    @classmethod
    def cases(cls) -> list[tuple[WindowAttend, tuple[Feature, ...]]]:
        """Plain, shifted, and one window for the whole map."""
        cuts = (WindowPartition(*each) for each in ((4, 0), (4, 2), (8, 4)))
        return [
            (cls(2, cut.window, cut.shift), (cut.out(MAP).with_channels(96), MAP)) for cut in cuts
        ]

    def out(self, *xs: Feature) -> Feature:
        """(windows, tokens, 3 * channels), (height, width, any) -> (windows, tokens, channels)."""
        qkv, _ = xs
        return qkv.with_channels(qkv.channels // 3)

    def cost(self, *xs: Feature) -> Cost:
        """Attention, and a parameter a head and offset."""
        return attention_cost(xs[0], self.heads, (2 * self.window - 1) ** 2 * self.heads)

    def saved(self, *xs: Feature) -> Saved:
        """As attention, and the bias on the scores: one for all, or one per shifted window."""
        qkv, like = xs
        scores = self.heads * qkv.size[-1] ** 2
        sums = saved_sums(qkv, self.heads)
        if self.shift and min(like.size) > self.window:
            return Saved(True, True, single=sums, once=RANDOM_STATE, working=qkv.size[0] * scores)
        return Saved(True, True, single=sums, once=RANDOM_STATE, working_once=scores)


@dataclass(frozen=True, slots=True)
class GatherPatches(Leaf):
    """2x2 neighbours put together in the channels; odd sides padded.

    The order is (0,0), (1,0), (0,1), (1,1) as (row, column), which is that of Swin's code.
    """

    @classmethod
    def cases(cls) -> list[tuple[GatherPatches, tuple[Feature, ...]]]:
        """Even and odd sides."""
        return [(cls(), (MAP,)), (cls(), (Feature((7, 5, 32)),))]

    def out(self, *xs: Feature) -> Feature:
        """(height, width, channels) -> (height / 2, width / 2, 4 * channels)."""
        (x,) = xs
        return Feature((*(_windows(side, 2) for side in sides(x)), 4 * x.channels))
