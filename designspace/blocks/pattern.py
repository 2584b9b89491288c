"""A pattern over the blocks of a stage: two blocks in turn.

The place of a block has its position in the stage, counted up to the block's period. Even positions
take the first block and odd ones the second; a block that has a pattern itself, such as shifted
windows, is told every second position: of four windowed blocks that are the first of a pair each,
the second and the fourth are shifted.
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
    """Two blocks in turn, as timm's Twins-SVT alternates local and global attention.

    Chu et al., arXiv 2104.13840, section 3.2.

    Attributes:
        first: The stage's first block, its third, and so on.
        second: The others.
    """

    kind: Literal["pattern"] = "pattern"
    examples: ClassVar[Mapping[str, Sequence[Any]]] = {
        "first": ("conv", {"kind": "conv", "ratio": 2, "spatial": "inception"}),
        "second": ("metaformer", {"kind": "metaformer", "mixer": "pool"}),
    }
    first: Block = ConvBlock()
    second: Block = MetaFormer()

    def period(self) -> int:
        """Twice as many blocks as the longer of the two patterns takes."""
        return 2 * lcm(self.first.period(), self.second.period())

    def out_channels(self, width: int) -> int:
        """Those of the first block."""
        return self.first.out_channels(width)

    def meaning_where(self, *, projects: bool) -> dict[str, Any]:
        """Only a stage's first block can change the shape."""
        return {
            "kind": self.kind,
            "first": self.first.meaning_where(projects=projects),
            "second": self.second.meaning_where(projects=False),
        }

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        """The block whose turn it is, and an identity for the other."""
        given, other = (block.out_channels(at.width) for block in (self.first, self.second))
        if given != other:
            raise ShapeError(
                f"the blocks of a pattern give {given} and {other} channels in turn",
                hint="both must give the same: an inverted block (`wide: middle`) gives the width",
            )
        turn, index = at.index % 2, at.index // 2
        block = (self.first, self.second)[turn].on(PartContext(at.width, at.stride, index))
        return {
            "first": Identity() if turn else block,
            "second": block if turn else Identity(),
        }

    def forward(self, m: Children, x: Any) -> Any:
        """One of them."""
        return m.second(m.first(x))
