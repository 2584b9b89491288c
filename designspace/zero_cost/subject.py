"""The input of a score: an untrained network, and a mini-batch of its task."""

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
    """An untrained network and a mini-batch. A score works on a copy and never changes it.

    Attributes:
        model: Network with its initial weights.
        plan: Run on shapes from which the model was built.
        images: Images (batch, channels, height, width), normalised as in training, not augmented.
        labels: Labels (batch,).
        seed: Seed of the random numbers that a score draws itself.
    """

    model: BuiltNetwork
    plan: Node
    images: Tensor
    labels: Tensor
    seed: int

    def copy(self) -> BuiltNetwork:
        """Return a copy of the network in training mode, without gradients, that may be changed."""
        model = copy.deepcopy(self.model).train()
        model.zero_grad()
        return model

    def draw(self, name: str) -> torch.Generator:
        """Return the random generator of one score, on the CPU."""
        return generator("signals", name, self.seed)

    def leaves(
        self, kind: type[Leaf], outside: type[Composite] | None = None
    ) -> Iterator[tuple[str, Leaf]]:
        """Yield the leaf layers of a kind, with the dotted names of their modules.

        Args:
            kind: Class of the layers.
            outside: Class of parts whose inner layers are left out.
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
    """Return the weights of convolutions and linear layers; no biases, norms, scales or tables."""
    return [m.weight for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
