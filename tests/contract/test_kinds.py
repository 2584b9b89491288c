"""Every registered kind: counted, built, run, trained a step, compiled, copied.

The default values of a kind stand for it in the expensive checks; the hypothesis tests in
test_language.py draw all its fields. A kind whose default values take no feature fails here.
"""

from __future__ import annotations

import copy
import pickle
from typing import Any, Literal

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler.build import module_of
from designspace.costing.memory_reading import SINGLE, MemoryReading
from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf, ShapeError
from designspace.layers.leaves.act import GELU
from designspace.layers.leaves.norm import LayerNorm
from designspace.layers.leaves.residual import Zero
from designspace.layers.part import Composite, PartContext
from designspace.layers.saved_tensors import Precision
from designspace.layers.trace import Node, trace
from designspace.verification.memory import saved_by
from tests.helpers.small import stir
from tests.helpers.strategies import data_of, leaf_kinds, parts

MAP = Feature((8, 8, 32))
DEFAULTS: dict[str, Kind] = {"norm": LayerNorm(), "act": GELU()}


def planned(kind: type[Kind], stride: int = 1) -> Node:
    value = kind.model_validate({"kind": kind.tag()}).inherit(DEFAULTS)
    if isinstance(value, Composite):
        return trace(value.on(PartContext(32, stride)), Feature(value.example_input))
    assert isinstance(value, Leaf)
    return trace(value, MAP)


def batch(node: Node, device: str = "cpu", size: int = 2) -> torch.Tensor:
    """Random tensors of a node's input; maps are NCHW, channels-last in memory."""
    x = torch.randn(size, *node.inputs[0].shape, device=device)
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def shape_of(x: torch.Tensor) -> tuple[int, ...]:
    """The shape of one image's feature."""
    return tuple((x.permute(0, 2, 3, 1) if x.ndim == 4 else x).shape[1:])


every_kind = pytest.mark.parametrize(
    "kind", [*parts(), *leaf_kinds()], ids=lambda kind: f"{kind.family_name}-{kind.tag()}"
)


@every_kind
@pytest.mark.parametrize("stride", [1, 2])
def test_counts_equal_torch_on_the_meta_device(kind: type[Kind], stride: int) -> None:
    if stride > 1 and issubclass(kind, Composite) and not kind.can_shrink:
        with pytest.raises(ShapeError, match=r"stride|shrink"):
            planned(kind, stride)
        return
    node = planned(kind, stride)
    with torch.device("meta"):
        module = module_of(node).eval()
        counter = FlopCounterMode(display=False)
        with counter:
            output = module(batch(node, "meta"))
    assert sum(p.numel() for p in module.parameters()) == node.cost.params
    assert counter.get_total_flops() == 2 * 2 * node.cost.macs
    assert shape_of(output) == node.output.shape
    assert 0 <= node.cost.spatial <= node.cost.macs


@every_kind
def test_three_images_at_once_are_three_alone(kind: type[Kind]) -> None:
    """Nothing mixes the images of a batch, whatever its size."""
    node = planned(kind)
    torch.manual_seed(0)
    module = module_of(node).eval()
    stir(module)
    for size in (3, *{side for side in node.inputs[0].shape if side > 1}):
        x = batch(node, size=size)
        singly = torch.cat([module(image[None]) for image in x[:3]])
        torch.testing.assert_close(module(x)[:3], singly)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("kind", parts(), ids=lambda kind: f"{kind.family_name}-{kind.tag()}")
def test_memory_is_what_autograd_keeps(kind: type[Kind], precision: Precision) -> None:
    """Products and views of a part included; on fake tensors, as a GPU keeps them."""
    node = planned(kind)
    reading = MemoryReading(SINGLE if precision == "float32" else 2)
    output = reading.run(node, reading.tensor(node.inputs[0], SINGLE))
    theirs, dtype = saved_by(node, 2, precision)
    assert sum(2 * step.image + step.batch for step in reading.steps) == theirs
    assert output.width == dtype.itemsize


@every_kind
def test_trains_a_step(kind: type[Kind]) -> None:
    node = planned(kind)
    module = module_of(node)
    x = batch(node).requires_grad_()
    if {type(leaf.layer) for _, leaf in node.leaves()} == {Zero}:
        assert not module(x).requires_grad  # a constant
        return
    module(x).square().sum().backward()
    assert x.grad is not None
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())


@every_kind
def test_copies_and_pickles(kind: type[Kind]) -> None:
    node = planned(kind)
    module = module_of(node).eval()
    x = batch(node)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(twin(x), module(x), rtol=0, atol=0)


@every_kind
def test_compiles_whole(kind: type[Kind]) -> None:
    node = planned(kind)
    module = module_of(node).eval()
    torch.compiler.reset()  # each kind is a new graph of one `forward`
    compiled: Any = torch.compile(module, fullgraph=True, backend="aot_eager")
    x = batch(node)
    torch.testing.assert_close(compiled(x), module(x))


@every_kind
def test_data_goes_round(kind: type[Kind]) -> None:
    value = kind.model_validate({"kind": kind.tag()})
    assert kind.model_validate(value.model_dump(mode="json")) == value


def test_no_layout_copies_between_layers() -> None:
    """Depthwise convolution, norm and pointwise layers hand each other channels-last maps."""
    block = next(kind for kind in parts() if (kind.family_name, kind.tag()) == ("block", "conv"))
    node = planned(block)
    module = module_of(node).eval()
    seen: list[bool] = []

    def is_last(x: torch.Tensor) -> bool:
        return x.is_contiguous(memory_format=torch.channels_last)

    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.LayerNorm):
            layer.register_forward_pre_hook(lambda _m, xs: seen.append(is_last(xs[0])))
    module(batch(node))
    assert seen
    assert all(seen)


@every_kind
def test_examples_are_values_of_the_kind_itself(kind: type[Kind]) -> None:
    """Strategies draw from them, so another kind's field of the same name changes nothing here."""
    assert set(vars(kind).get("examples", {})) <= set(kind.model_fields)
    for name, values in kind.example_values().items():
        for value in values:
            assert kind.model_validate({"kind": kind.tag(), name: value})
    data_of(kind)  # every field has examples, or a type with few values


def test_a_field_without_examples_is_named() -> None:
    class Unbounded(Composite):
        kind: Literal["unbounded"] = "unbounded"
        span: int = 3

    with pytest.raises(AssertionError, match=r"Unbounded\.span in the `examples`"):
        data_of(Unbounded)
