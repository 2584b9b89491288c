"""What a score looks at: an untrained network, and a mini-batch of its task."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from designspace.compiler import BuiltNetwork
from designspace.images.randomness import generator
from designspace.layers.leaf import Leaf
from designspace.layers.part import BoundPart, Composite
from designspace.layers.trace import Node


@dataclass(frozen=True)
class Subject:
    """An untrained network and a mini-batch. A score never changes it: it works on a copy.

    Attributes:
        model: The network with its first weights.
        plan: The run on shapes that the model was built from.
        images: (batch, channels, height, width), normalised as for training, not augmented.
        labels: (batch,).
        seed: Of what a score draws by itself.
    """

    model: BuiltNetwork
    plan: Node
    images: Tensor
    labels: Tensor
    seed: int

    def copy(self) -> BuiltNetwork:
        """The network in training mode, with no gradients, to do with as one likes."""
        model = copy.deepcopy(self.model).train()
        model.zero_grad()
        return model

    def draw(self, name: str) -> torch.Generator:
        """The random stream of one score, on the CPU."""
        return generator("signals", name, self.seed)

    def leaves(
        self, kind: type[Leaf], outside: type[Composite] | None = None
    ) -> Iterator[tuple[str, Leaf]]:
        """The leaf layers of a kind, with the dotted names of their modules.

        Args:
            kind: Which.
            outside: Leave out those within parts of this kind.
        """
        yield from _leaves(self.plan, "", kind, outside)


def _leaves(
    node: Node, name: str, kind: type[Leaf], outside: type[Composite] | None
) -> Iterator[tuple[str, Leaf]]:
    layer = node.layer
    if isinstance(layer, kind):
        yield name, layer
    if outside and isinstance(layer, BoundPart) and isinstance(layer.part, outside):
        return
    for part, child in node.children.items():
        yield from _leaves(child, f"{name}.{part}" if name else part, kind, outside)


def weights(model: nn.Module) -> list[Tensor]:
    """The weights of convolutions and linear layers, without biases, norms, scales and tables."""
    return [m.weight for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
