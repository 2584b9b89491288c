"""Activations that may overwrite their input, which saves memory and a pass over new pages.

That is right only where nothing else reads the input. It holds within a chain after a layer that
makes a new tensor and keeps none of its output for its gradient, and where a part says so. ReLU
alone gains by it: torch's other activations keep their input, so that it would be copied.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from designspace.layers.leaves.convolution import Conv, Linear
from designspace.layers.leaves.norm import NoNorm, Norm
from designspace.layers.part import BoundPart, Sequential
from designspace.layers.trace import Node


def let_overwrite(node: Node, module: nn.Module) -> None:
    """Set `inplace` of the activations among a node's children, where it is safe."""
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
