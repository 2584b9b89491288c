"""A pattern of the blocks of a stage: two alternating blocks.

The context of a block has its position in the stage, which starts again at 0 after `period` blocks.
Even positions use the first block and odd ones the second. A nested block that has a pattern
itself, such as shifted windows, gets half the position, rounded down. For example, a first block
with windowed attention is used at the positions 0, 2, 4 and 6 of a stage. The period is 4, so these
are the positions 0, 2, 0 and 2 of the pattern; the nested block gets 0, 1, 0 and 1, and its windows
are shifted for the second and the fourth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import Any, ClassVar, Literal

from designspace.blocks.conv_block import ConvBlock
from designspace.blocks.families import Block
from designspace.blocks.metaformer import MetaFormer
from designspace.layers.feature import Feature, ShapeError
from designspace.layers.leaves.residual import Identity
from designspace.layers.part import Children, Layer, PartContext


class Pattern(Block):
    """Two alternating blocks, such as local and global attention in timm's Twins-SVT.

    Chu et al., arXiv 2104.13840, section 3.2.

    Attributes:
        first: Block at the first position of the stage, the third, and so on.
        second: Block at the other positions.
    """

    kind: Literal["pattern"] = "pattern"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "first": ("conv", {"kind": "conv", "ratio": 2, "spatial": "inception"}),
        "second": ("metaformer", {"kind": "metaformer", "mixer": "pool"}),
    }
    first: Block = ConvBlock()
    second: Block = MetaFormer()

    def period(self) -> int:
        """Return twice the least common multiple of the two blocks' periods."""
        return 2 * lcm(self.first.period(), self.second.period())

    def out_channels(self, width: int) -> int:
        """Return the number of output channels of the first block."""
        return self.first.out_channels(width)

    def meaning_where(self, *, projects: bool) -> dict[str, Any]:
        """Return the meaning in a stage, where only the first block can change the shape."""
        return {
            "kind": self.kind,
            "first": self.first.meaning_where(projects=projects),
            "second": self.second.meaning_where(projects=False),
        }

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """List the block at this position, and an identity for the other one.

        Raises:
            ShapeError: The two blocks have different numbers of output channels.
        """
        given, other = (block.out_channels(at.width) for block in (self.first, self.second))
        if given != other:
            raise ShapeError(
                f"the blocks of a pattern give {given} and {other} channels alternately",
                hint="both must return the same number: an inverted block (`wide: middle`) "
                "returns the width",
            )
        turn, index = at.index % 2, at.index // 2
        block = (self.first, self.second)[turn].on(PartContext(at.width, at.stride, index))
        return {
            "first": Identity() if turn else block,
            "second": block if turn else Identity(),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """Run the block at this position; the other layer is an identity."""
        return m.second(m.first(x))
