"""The reading of a network for memory: the tensors that its backward pass needs.

A tensor is kept once, even if several layers keep it. The stand-in for a tensor is therefore its
shape, the bytes per element, and its `Storage`, whose identity tells whether two tensors share
memory: a view has the storage of its input, and a computed tensor has a new one. Each leaf defines
what it keeps (`saved`) and its precision (`autocast`); the walk adds one `Step` per leaf that is
not a view, and one per product, in the order of the run. The backward pass releases them in
reverse.

For example, in `relu(norm(x))` the norm keeps its input x, and the activation its output. If a
convolution follows, it keeps its input too, which is the activation's output and already counted.
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
    """Memory that tensors may share; two tensors share it if the object is the same.

    Attributes:
        bytes: Size for one image, in bytes.
    """

    bytes: int


@dataclass(slots=True, eq=False)
class TensorShape(Arithmetic):
    """The stand-in for a tensor: its shape for one image, the bytes per element, and its memory.

    Attributes:
        feature: Shape for one image.
        width: Bytes per element.
        storage: Memory of the tensor.
        reading: Run that the tensor belongs to, which notes what products keep.
    """

    feature: Feature
    width: int
    storage: Storage
    reading: MemoryReading = field(repr=False)

    def combined(self, operator: Operator, other: TensorShape) -> TensorShape:
        """Return a tensor with new memory, in the wider precision of the two."""
        feature = self.feature.combined(operator, other.feature)
        out = self.reading.tensor(feature, max(self.width, other.width))
        if operator == "*":
            self.reading.note_product(self, other, out)
        return out


@dataclass(slots=True)
class Step:
    """The memory that one layer adds to a training step, in bytes.

    Attributes:
        params: Size of its parameters.
        image: Size per image of the tensors that it keeps and that no earlier layer keeps.
        batch: Size of the kept tensors that do not grow with the batch.
        gradients: Size per image of the gradients at its output and its input.
    """

    params: int
    image: int
    batch: int
    gradients: int


@dataclass(slots=True)
class MemoryReading(PlanReading[TensorShape, TensorShape]):
    """A run on stand-ins for tensors.

    Attributes:
        half: Bytes per element of layers with the precision `half`: 2, or 4 without mixed
            precision.
        steps: Memory that each layer adds, in the order of the run.
    """

    half: int
    steps: list[Step] = field(default_factory=list[Step])
    _kept: set[Storage] = field(default_factory=set[Storage])

    def run(self, node: Node, x: TensorShape) -> TensorShape:
        """Return the output's stand-in, and note every layer below."""
        return walk(self, node, (x,))

    def tensor(self, feature: Feature, width: int) -> TensorShape:
        """Return a tensor with new memory.

        Args:
            feature: Shape for one image.
            width: Bytes per element.
        """
        return TensorShape(feature, width, Storage(feature.elements * width), self)

    def note_product(self, a: TensorShape, b: TensorShape, out: TensorShape) -> None:
        """Note that a product keeps both factors, each for the gradient of the other."""
        gradients = sum(each.storage.bytes for each in (a, b, out))
        self.steps.append(Step(0, self._keep(a) + self._keep(b), 0, gradients))

    def value(self, result: TensorShape) -> TensorShape:
        """Return the stand-in itself."""
        return result

    def join(
        self,
        tree: Node,  # noqa: ARG002
        xs: tuple[TensorShape, ...],  # noqa: ARG002
        output: TensorShape,
        results: Mapping[str, TensorShape],  # noqa: ARG002
    ) -> TensorShape:
        """Return the output of the last layer; the steps are already noted."""
        return output

    def leaf(self, tree: Node, xs: tuple[TensorShape, ...]) -> TensorShape:
        """Note the leaf's step, and return its output's stand-in; a view has no step."""
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
        """Return the bytes per element in which a leaf computes."""
        kind = leaf.autocast
        if kind == "half":
            return self.half
        if kind == "widest":
            return max(x.width for x in xs)
        return SINGLE if kind == "single" else xs[0].width

    def _keep(self, x: TensorShape) -> int:
        """Keep a tensor, and return the bytes that this adds: 0 if its memory is already kept."""
        if x.storage in self._kept:
            return 0
        self._kept.add(x.storage)
        return x.storage.bytes
