"""Arithmetic on shapes is arithmetic on tensors: what is accepted works for every batch size."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import add, mul, sub
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from designspace.compiler.build import module_of
from designspace.costing.memory_reading import SINGLE, MemoryReading, TensorShape
from designspace.layers.feature import Arithmetic, Feature, ShapeError
from designspace.layers.leaves.convolution import Linear
from designspace.layers.leaves.pooling import GlobalAvgPool
from designspace.layers.part import Children, Composite, Layer, PartContext
from designspace.layers.pricing import price
from designspace.layers.trace import trace

Operation = Callable[[Any, Any], Any]
OPERATIONS = (add, sub, mul)

sides = st.sampled_from([1, 2, 3, 5])
shapes = st.lists(sides, min_size=1, max_size=3).map(tuple)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Feature, Feature]:
    """Two features; half of them differ only in that some sides of one are 1."""
    first = draw(shapes)
    if draw(st.booleans()):
        return Feature(first), Feature(draw(shapes))
    return Feature(first), Feature(tuple(draw(st.sampled_from([side, 1])) for side in first))


def layout(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of an image's tensor."""
    return (shape[2], *shape[:2]) if len(shape) == 3 else shape


def tensor(feature: Feature, batch: int) -> Tensor:
    return torch.randn(batch, *layout(feature.shape))


def on_tensors(operation: Operation, a: Feature, b: Feature) -> tuple[int, ...] | None:
    """The shape of an image's result, where each image of every batch has the same."""
    found: set[tuple[int, ...] | None] = set()
    for batch in {2, 3, *a.shape, *b.shape}:
        one, other = tensor(a, batch), tensor(b, batch)
        try:
            whole = operation(one, other)
            parts = [operation(one[i : i + 1], other[i : i + 1]) for i in range(batch)]
        except RuntimeError:
            return None
        singly = torch.cat(parts)
        if whole.shape != singly.shape or not torch.equal(whole, singly):
            return None
        found.add(tuple(whole.shape[1:]))
    return found.pop() if len(found) == 1 else None


@given(pairs(), st.sampled_from(OPERATIONS))
def test_accepted_on_shapes_is_right_on_tensors(
    pair: tuple[Feature, Feature], operation: Operation
) -> None:
    a, b = pair
    try:
        result = layout(operation(a, b).shape)
    except ShapeError:
        result = None
    assert result == on_tensors(operation, a, b)


@given(pairs(), st.sampled_from(OPERATIONS))
def test_every_reading_has_the_same_arithmetic(
    pair: tuple[Feature, Feature], operation: Operation
) -> None:
    a, b = pair
    reading = MemoryReading(SINGLE)
    one, other = reading.tensor(a, SINGLE), reading.tensor(b, SINGLE)
    try:
        result = operation(a, b)
    except ShapeError as error:
        with pytest.raises(ShapeError, match=re.escape(str(error))):
            operation(one, other)
        return
    assert operation(one, other).feature == result
    assert bool(reading.steps) == (operation is mul)


@pytest.mark.parametrize("stand_in", [Feature, TensorShape])
def test_what_stands_for_a_tensor_has_three_operators(stand_in: type) -> None:
    assert issubclass(stand_in, Arithmetic)
    operators = {name for name in dir(Arithmetic) if name in ("__add__", "__sub__", "__mul__")}
    assert len(operators) == 3
    for name in ("__truediv__", "__matmul__", "__pow__", "__neg__"):
        assert not hasattr(stand_in, name)


def test_a_map_times_a_vector_says_which_layer_keeps_the_dimensions() -> None:
    with pytest.raises(ShapeError) as raised:
        _ = Feature((14, 14, 96)) * Feature((96,))
    assert "cannot multiply a map 14x14 of 96 channels by a vector of 96" in str(raised.value)
    assert "GlobalAvgPool(keep_dims=True)" in str(raised.value)
    assert "a map 1x1 of 96 channels" in str(raised.value)


def test_maps_take_factors_per_position_and_per_channel() -> None:
    x = Feature((14, 14, 96))
    assert x * Feature((14, 14, 1)) == x
    assert x * Feature((1, 1, 96)) == x
    assert Feature((1, 1, 96)) - Feature((14, 14, 1)) == x


@pytest.mark.parametrize("constant", [2, 0.5, None, (14, 14, 96)])
def test_constants_are_refused(constant: Any) -> None:
    for operation in OPERATIONS:
        for ordered in ((Feature((4, 8)), constant), (constant, Feature((4, 8)))):
            with pytest.raises(ShapeError, match="leaf"):
                operation(*ordered)


def test_a_product_keeps_both_factors() -> None:
    """As torch does: each for the gradient of the other, in its own precision, and once."""
    reading = MemoryReading(2)
    x, gate = reading.tensor(Feature((4, 4, 8)), 4), reading.tensor(Feature((1, 1, 8)), 2)
    product = x * gate
    assert (product.width, product.storage.bytes) == (4, 4 * 128)
    assert reading.steps[-1].image == 4 * 128 + 2 * 8
    _ = product * gate
    assert reading.steps[-1].image == 4 * 128  # the gate is kept already


class Gated(Composite):
    """A map times a factor per channel."""

    keep_dims: bool = True

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
        return {"pool": GlobalAvgPool(self.keep_dims), "gate": Linear(x.channels)}

    def forward(self, m: Children, x: Any) -> Any:
        return x * m.gate(m.pool(x))


@pytest.mark.parametrize("shape", [(4, 6, 8), (5, 8)])
def test_a_gated_part_has_all_readings(shape: tuple[int, ...]) -> None:
    x, part = Feature(shape), Gated().on(PartContext(8))
    node = trace(part, x)
    assert node.output == x
    assert price(part, x) == (x, node.cost)
    reading = MemoryReading(SINGLE)
    assert reading.run(node, reading.tensor(x, SINGLE)).feature == x
    module = module_of(node)
    for batch in (2, 3, 4, 6, 8):
        images = tensor(x, batch)
        singly = torch.cat([module(image[None]) for image in images])
        torch.testing.assert_close(module(images), singly)


def test_a_part_that_drops_the_dimensions_is_refused() -> None:
    part = Gated(keep_dims=False).on(PartContext(8))
    for run in (trace, price):
        with pytest.raises(ShapeError, match="keep_dims=True"):
            run(part, Feature((8, 8, 8)))
