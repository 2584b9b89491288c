"""Building the module of a network from its run on shapes."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor, nn

import designspace.compiler.lowerings  # noqa: F401  # pyright: ignore[reportUnusedImport]
from designspace.compiler.lower import lower
from designspace.costing import plan
from designspace.layers.leaf import Leaf
from designspace.layers.part import Part, Placed
from designspace.layers.trace import Node
from designspace.spec.load import Source, load
from designspace.spec.network import Network


class PartModule(nn.Module):
    """A part's layers as children, joined by the part's own `forward`.

    Attributes:
        part: The specification that this module was built from.
    """

    def __init__(self, part: Part, children: dict[str, nn.Module]) -> None:
        super().__init__()
        self.part = part
        for name, child in children.items():
            self.add_module(name, child)

    def forward(self, *xs: Tensor) -> Tensor:
        """Each (batch, *feature); to (batch, *feature)."""
        return self.part.forward(cast("Any", self), *xs)

    def extra_repr(self) -> str:
        """The part's name, for print."""
        return type(self.part).__name__


class Compiled(nn.Module):
    """A network on images in torch's usual layout.

    Attributes:
        spec: The specification.
        stem: The stem; with `stages` and `head` the network's three children.
    """

    def __init__(self, spec: Network, body: PartModule) -> None:
        super().__init__()
        self.spec = spec
        self.stem, self.stages, self.head = body.stem, body.stages, body.head

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to logits (batch, num_classes)."""
        return self.spec.forward(cast("Any", self), x.permute(0, 2, 3, 1))


def build(
    spec: Source, *, num_classes: int = 1000, in_channels: int = 3, input_size: int | None = None
) -> Compiled:
    """The torch module of a network, with torch's own initial weights.

    Args:
        spec: Name, path, plain data or network.
        num_classes: Number of classes.
        in_channels: Channels of the image.
        input_size: Side of the image for which parts that depend on it are made; the network's
            nominal one by default.

    Raises:
        InputError: The specification is wrong, or the input too small for its strides.
    """
    network = load(spec)
    node = plan(network, input_size, in_channels=in_channels, num_classes=num_classes)
    body = module_of(node)
    assert isinstance(body, PartModule)
    return Compiled(network, body)


def module_of(node: Node) -> nn.Module:
    """The module of a node; its children's first."""
    layer = node.layer
    if isinstance(layer, Leaf):
        return lower(layer, node.inputs[0])
    children = {name: module_of(child) for name, child in node.children.items()}
    if isinstance(layer, Placed):
        return PartModule(layer.part, children)
    chain = nn.Sequential()
    for name, child in children.items():
        chain.add_module(name, child)
    return chain
