"""Activations that overwrite their input, which saves memory and a pass over new pages.

This is correct only if nothing else reads the input. That holds in a chain after a layer that makes
a new tensor and does not keep its output for its gradient, and for the layers that a part names in
`overwrites`. Only ReLU gains from it: torch's other activations keep their input for the gradient,
so it would have to be copied.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from designspace.layers.leaves.convolution import Conv, Linear
from designspace.layers.leaves.norm import NoNorm, Norm
from designspace.layers.part import BoundPart, Sequential
from designspace.layers.trace import Node


def let_overwrite(node: Node, module: nn.Module) -> None:
    """Set `inplace` on the ReLUs among a node's children for which it is safe."""
    for name in _safe(node):
        child = module.get_submodule(name)
        if isinstance(child, nn.ReLU):
            child.inplace = True


def _safe(node: Node) -> Iterator[str]:
    if isinstance(node.layer, BoundPart):
        yield from node.layer.part.overwrites
    elif isinstance(node.layer, Sequential):
        fresh = False
        for name, layer in node.layer.layers:
            if fresh:
                yield name
            fresh = isinstance(layer, Conv | Linear | Norm) and not isinstance(layer, NoNorm)
