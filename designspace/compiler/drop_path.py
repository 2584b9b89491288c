"""Stochastic depth's rate over the network's depth."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from designspace.blocks.families import Block
from designspace.compiler.build import PartModule
from designspace.compiler.modules import DropPath


def set_drop_path(model: nn.Module, rate: float) -> None:
    """Set drop path to grow linearly from 0 in the first block to `rate` in the last.

    The rule is that of the ConvNeXt paper's code and of timm.
    """
    blocks = list(_blocks(model))
    last = max(len(blocks) - 1, 1)
    for index, block in enumerate(blocks):
        for module in block.modules():
            if isinstance(module, DropPath):
                module.rate = rate * index / last


def _blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The blocks in order; a block within a block, as in a pattern, belongs to the outer one."""
    if isinstance(module, PartModule) and isinstance(module.part, Block):
        yield module
        return
    for child in module.children():
        yield from _blocks(child)
