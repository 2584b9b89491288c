"""A network's run on stand-ins for tensors: which of them the backward pass will need."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf
from designspace.layers.part import BoundPart
from designspace.layers.trace import Node

SINGLE = 4  # bytes of a float32


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """Memory that tensors may share, which its identity tells.

    Attributes:
        bytes: For one image.
    """

    bytes: int


@dataclass(frozen=True, slots=True)
class TensorShape:
    """In a tensor's stead: its shape for one image, the bytes of an element, and its memory."""

    feature: Feature
    width: int
    storage: Storage

    @staticmethod
    def new(feature: Feature, width: int) -> TensorShape:
        """A tensor with memory of its own."""
        return TensorShape(feature, width, Storage(feature.elements * width))

    def __add__(self, other: TensorShape) -> TensorShape:
        return TensorShape.new(self.feature + other.feature, max(self.width, other.width))

    def __sub__(self, other: TensorShape) -> TensorShape:
        return self + other


@dataclass(frozen=True, slots=True)
class Step:
    """What one layer adds to the memory of a training step, in bytes.

    Attributes:
        params: Of its parameters.
        image: Of tensors kept for the backward pass that none before it keeps, for one image.
        batch: The same that do not grow with the batch.
        gradients: Of the gradients at its output and its input, for one image.
    """

    params: int
    image: int
    batch: int
    gradients: int


@dataclass(slots=True)
class Forward:
    """The run itself.

    Attributes:
        half: Bytes of an element of what mixed precision computes in half: 2, or 4 without it.
        steps: What each layer adds, in the order of the run.
    """

    half: int
    steps: list[Step] = field(default_factory=list[Step])
    _kept: set[Storage] = field(default_factory=set[Storage])

    def run(self, node: Node, *xs: TensorShape) -> TensorShape:
        """The output's stand-in; notes every layer below."""
        layer = node.layer
        if isinstance(layer, Leaf):
            return self._leaf(node, layer, xs)
        if isinstance(layer, BoundPart):
            callables = {name: partial(self.run, each) for name, each in node.children.items()}
            return layer.part.forward(cast("Any", SimpleNamespace(**callables)), *xs)
        (x,) = xs
        for child in node.children.values():
            x = self.run(child, x)
        return x

    def _leaf(self, node: Node, leaf: Leaf, xs: tuple[TensorShape, ...]) -> TensorShape:
        x = xs[0]
        if leaf.is_view:
            return TensorShape(node.output, x.width, x.storage)
        computed = {"half": self.half, "single": SINGLE}.get(leaf.autocast, x.width)
        taken = (
            x if computed == x.width else TensorShape.new(x.feature, computed)
        )  # cast, so copied
        out = TensorShape.new(node.output, SINGLE if leaf.autocast == "promote" else computed)
        saved = leaf.saved(*node.inputs)
        image = saved.single * SINGLE + saved.working * self.half
        image += self._keep(taken) if saved.input else 0
        image += self._keep(out) if saved.output else 0
        batch = saved.once * SINGLE
        if leaf.autocast == "half" and self.half < SINGLE:
            batch += node.cost.params * self.half  # the weights in half precision
        params = node.cost.params * SINGLE
        self.steps.append(Step(params, image, batch, out.storage.bytes + taken.storage.bytes))
        return out

    def _keep(self, x: TensorShape) -> int:
        """Bytes that keeping it adds: none where its memory is kept already."""
        if x.storage in self._kept:
            return 0
        self._kept.add(x.storage)
        return x.storage.bytes
