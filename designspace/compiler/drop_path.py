"""The rate of stochastic depth over the depth of a network."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from designspace.blocks.families import Block
from designspace.compiler.build import PartModule
from designspace.compiler.modules import DropPath


def set_drop_path(model: nn.Module, rate: float) -> None:
    """Set the drop path rate, which grows linearly from 0 in the first block to `rate` in the last.

    The rule is that of the ConvNeXt paper's code and of timm.
    """
    blocks = list(_blocks(model))
    last = max(len(blocks) - 1, 1)
    for index, block in enumerate(blocks):
        for module in block.modules():
            if isinstance(module, DropPath):
                module.rate = rate * index / last


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """Yield the blocks in order; a block inside another, as in a pattern, is not listed."""
    if isinstance(module, PartModule) and isinstance(module.part, Block):
        yield module
        return
    for child in module.children():
        yield from _blocks(child)
