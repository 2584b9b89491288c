"""Stochastic depth's rate over the network's depth."""

from __future__ import annotations

from torch import nn

from designspace.blocks.families import Block
from designspace.compiler.build import PartModule
from designspace.compiler.modules import DropPath


def set_drop_path(model: nn.Module, rate: float) -> None:
    """Set drop path to grow linearly from 0 in the first block to `rate` in the last.

    The rule is that of the ConvNeXt paper's code and of timm.
    """
    blocks = [m for m in model.modules() if isinstance(m, PartModule) and isinstance(m.part, Block)]
    last = max(len(blocks) - 1, 1)
    for index, block in enumerate(blocks):
        for module in block.modules():
            if isinstance(module, DropPath):
                module.rate = rate * index / last
