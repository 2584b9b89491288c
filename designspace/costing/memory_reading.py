"""The reading of a network for memory: which tensors its backward pass will need.

A tensor is kept once, however many layers keep it. So what stands for a tensor is its shape, the
bytes of an element, and its `Storage`, whose identity tells whether two are the same memory: a view
has that of its input, and what is computed has its own. Each leaf says what it keeps (`saved`) and
what mixed precision makes of it (`autocast`); the walk adds a `Step` per leaf, in the order of the
run, and the backward pass gives them back in reverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from designspace.layers.feature import Arithmetic, Feature, Operator
from designspace.layers.leaf import Leaf
from designspace.layers.saved_tensors import NOTHING
from designspace.layers.trace import Node, PlanReading
from designspace.layers.walk import walk

SINGLE = 4  # bytes of a float32


@dataclass(slots=True, eq=False)
class Storage:
    """Memory that tensors may share, which its identity tells.

    Attributes:
        bytes: For one image.
    """

    bytes: int


@dataclass(slots=True, eq=False)
class TensorShape(Arithmetic):
    """In a tensor's stead: its shape for one image, the bytes of an element, and its memory.

    Attributes:
        feature: The shape.
        width: Bytes of an element.
        storage: The memory.
        reading: The run that it belongs to, which notes what products keep.
    """

    feature: Feature
    width: int
    storage: Storage
    reading: MemoryReading = field(repr=False)

    def combined(self, operator: Operator, other: TensorShape) -> TensorShape:
        """A tensor with memory of its own, in the wider precision of the two."""
        feature = self.feature.combined(operator, other.feature)
        out = self.reading.tensor(feature, max(self.width, other.width))
        if operator == "*":
            self.reading.note_product(self, other, out)
        return out


@dataclass(slots=True)
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
class MemoryReading(PlanReading[TensorShape, TensorShape]):
    """The run on stand-ins for tensors.

    Attributes:
        half: Bytes of an element of what mixed precision computes in half: 2, or 4 without it.
        steps: What each layer adds, in the order of the run.
    """

    half: int
    steps: list[Step] = field(default_factory=list[Step])
    _kept: set[Storage] = field(default_factory=set[Storage])

    def run(self, node: Node, x: TensorShape) -> TensorShape:
        """The output's stand-in; notes every layer below."""
        return walk(self, node, (x,))

    def tensor(self, feature: Feature, width: int) -> TensorShape:
        """A tensor with memory of its own."""
        return TensorShape(feature, width, Storage(feature.elements * width), self)

    def note_product(self, a: TensorShape, b: TensorShape, out: TensorShape) -> None:
        """Note that a product keeps both factors, each for the gradient of the other."""
        gradients = sum(each.storage.bytes for each in (a, b, out))
        self.steps.append(Step(0, self._keep(a) + self._keep(b), 0, gradients))

    def value(self, result: TensorShape) -> TensorShape:
        """The stand-in itself."""
        return result

    def join(
        self,
        tree: Node,  # noqa: ARG002
        xs: tuple[TensorShape, ...],  # noqa: ARG002
        output: TensorShape,
        results: Mapping[str, TensorShape],  # noqa: ARG002
    ) -> TensorShape:
        """The output of the last layer; the steps are noted already."""
        return output

    def leaf(self, tree: Node, xs: tuple[TensorShape, ...]) -> TensorShape:
        """Note the leaf's step."""
        leaf, x = cast("Leaf", tree.layer), xs[0]
        if leaf.is_view:
            return TensorShape(tree.output, x.width, x.storage, self)
        computed = self._width(leaf, xs)
        # a cast makes a copy
        taken = x if computed == x.width else self.tensor(x.feature, computed)
        out = self.tensor(tree.output, SINGLE if leaf.autocast == "promote" else computed)
        saved, image, batch = leaf.saved(*tree.inputs), 0, 0
        if saved is not NOTHING:
            image = saved.single * SINGLE + saved.working * self.half
            image += self._keep(taken) if saved.input else 0
            image += self._keep(out) if saved.output else 0
            batch = saved.once * SINGLE + saved.working_once * self.half
            batch += saved.weights * self.half if self.half < SINGLE else 0
        params = tree.cost.params * SINGLE
        self.steps.append(Step(params, image, batch, out.storage.bytes + taken.storage.bytes))
        return out

    def _width(self, leaf: Leaf, xs: tuple[TensorShape, ...]) -> int:
        """Bytes of an element in which a leaf computes."""
        kind = leaf.autocast
        if kind == "half":
            return self.half
        if kind == "widest":
            return max(x.width for x in xs)
        return SINGLE if kind == "single" else xs[0].width

    def _keep(self, x: TensorShape) -> int:
        """Bytes that keeping it adds: none where its memory is kept already."""
        if x.storage in self._kept:
            return 0
        self._kept.add(x.storage)
        return x.storage.bytes
