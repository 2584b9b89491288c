"""Windows of a map (Swin, arXiv 2103.14030, section 3.2).

`WindowPartition` cuts a map into windows, `WindowAttend` attends within each window, and
`WindowMerge` restores the map. For example, a map (8, 8, C) with windows of side 4 becomes
(4, 16, C): four windows of 16 tokens. With `shift` 2 the map is first rolled by two positions up
and left, so that the windows cover the borders of the unshifted ones. The last windows then contain
positions from opposite sides of the map, which do not attend to each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from designspace.layers.cost import Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import MAP, Leaf, sides
from designspace.layers.leaves.attention import RANDOM_STATE, attention_cost, saved_sums
from designspace.layers.saved_tensors import Autocast, Saved


def _windows(length: int, window: int) -> int:
    """Return the number of windows along a side; the last one may be padded."""
    return -(-length // window)


@dataclass(frozen=True, slots=True)
class WindowPartition(Leaf):
    """A map rolled by `shift`, padded with zeros below and on the right, and cut into windows.

    A map is not rolled if its shorter side is at most `window`.

    Attributes:
        window: Side of a window, in positions.
        shift: Number of positions by which the map is rolled up and left.
        pad_first: Whether the map is padded before it is rolled, and not after.
    """

    window: int
    shift: int = 0
    pad_first: bool = True

    @classmethod
    def cases(cls) -> list[tuple[WindowPartition, tuple[Feature, ...]]]:
        """Cover windows that divide the map, padded and shifted ones, and one for the whole map."""
        cuts = (cls(4), cls(4, 2), cls(3, 1), cls(3, 1, pad_first=False), cls(8, 4))
        return [(cut, (MAP,)) for cut in cuts]

    def out(self, *xs: Feature) -> Feature:
        """Return (windows, window ** 2, channels) for (height, width, channels)."""
        (x,) = xs
        height, width = (_windows(side, self.window) for side in sides(x))
        return Feature((height * width, self.window**2, x.channels))


@dataclass(frozen=True, slots=True)
class WindowMerge(Leaf):
    """Windows put back to a map like the second input: the inverse of its partition.

    Attributes:
        window: Side of a window, in positions.
        shift: Number of positions by which the map was rolled up and left.
        pad_first: Whether the map was padded before it was rolled, and not after.
    """

    window: int
    shift: int = 0
    pad_first: bool = True

    @classmethod
    def cases(cls) -> list[tuple[WindowMerge, tuple[Feature, ...]]]:
        """Cover the outputs of the partition's cases."""
        return [
            (cls(cut.window, cut.shift, cut.pad_first), (cut.out(*xs), *xs))
            for cut, xs in WindowPartition.cases()
        ]

    def out(self, *xs: Feature) -> Feature:
        """Return (height, width, channels) for (windows, window ** 2, channels) and the map."""
        x, like = xs
        return Feature((*like.size, x.channels))


@dataclass(frozen=True, slots=True)
class WindowAttend(Leaf):
    """Attention within each window, with a bias for each offset between two positions.

    The second input is the map that was partitioned. If it was rolled, positions that were not
    neighbours before do not attend to each other.

    Attributes:
        heads: Number of heads.
        window: Side of a window, in positions.
        shift: Number of positions by which the map was rolled up and left.
    """

    heads: int
    window: int
    shift: int = 0
    autocast: ClassVar[Autocast] = "half"

    @classmethod
    def cases(cls) -> list[tuple[WindowAttend, tuple[Feature, ...]]]:
        """Cover plain windows, shifted windows, and one window for the whole map."""
        cuts = (WindowPartition(*each) for each in ((4, 0), (4, 2), (8, 4)))
        return [
            (cls(2, cut.window, cut.shift), (cut.out(MAP).with_channels(96), MAP)) for cut in cuts
        ]

    def out(self, *xs: Feature) -> Feature:
        """Return (windows, tokens, channels) for (windows, tokens, 3 * channels) and the map."""
        qkv, _ = xs
        return qkv.with_channels(qkv.channels // 3)

    def cost(self, *xs: Feature) -> Cost:
        """Count the attention, and one parameter per head and offset."""
        return attention_cost(xs[0], self.heads, (2 * self.window - 1) ** 2 * self.heads)

    def saved(self, *xs: Feature) -> Saved:
        """Keep the same as attention, and the bias on the scores, per window if shifted."""
        qkv, like = xs
        scores = self.heads * qkv.size[-1] ** 2
        sums = saved_sums(qkv, self.heads)
        if self.shift and min(like.size) > self.window:
            return Saved(True, True, single=sums, once=RANDOM_STATE, working=qkv.size[0] * scores)
        return Saved(True, True, single=sums, once=RANDOM_STATE, working_once=scores)


@dataclass(frozen=True, slots=True)
class GatherPatches(Leaf):
    """2x2 neighbours concatenated in the channels; odd sides are padded.

    The order is (0,0), (1,0), (0,1), (1,1) as (row, column), as in Swin's code.
    """

    @classmethod
    def cases(cls) -> list[tuple[GatherPatches, tuple[Feature, ...]]]:
        """Cover even and odd sides."""
        return [(cls(), (MAP,)), (cls(), (Feature((7, 5, 32)),))]

    def out(self, *xs: Feature) -> Feature:
        """Return (height / 2, width / 2, 4 * channels), with sides rounded up."""
        (x,) = xs
        return Feature((*(_windows(side, 2) for side in sides(x)), 4 * x.channels))
