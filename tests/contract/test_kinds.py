"""Every registered kind: counted, built, run, trained a step, compiled, copied.

The default values of a kind stand for it in the expensive checks; the hypothesis tests in
test_language.py draw all its fields.
"""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler.build import module_of
from designspace.compiler.lower import LOWERINGS
from designspace.layers.act import GELU
from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf, ShapeError
from designspace.layers.norm import LayerNorm
from designspace.layers.part import Composite, Layer, PartContext
from designspace.layers.trace import Node, trace
from tests.helpers.strategies import leaf_kinds, parts

MAP, TOKENS = Feature((8, 8, 32)), Feature((17, 32))
IMAGE = Feature((32, 32, 32))  # a stem takes larger steps
DEFAULTS: dict[str, Kind] = {"norm": LayerNorm(), "act": GELU()}


def planned(kind: type[Kind], stride: int = 1) -> Node:
    value = kind.model_validate({"kind": kind.tag()}).inherit(DEFAULTS)
    layer: Layer = value.on(PartContext(32, stride)) if isinstance(value, Composite) else value  # type: ignore[assignment]
    try:
        return trace(layer, IMAGE if kind.family_name == "stem" else MAP)
    except ShapeError as error:
        if "class token" in error.message:
            return trace(layer, TOKENS)
        pytest.skip(f"this kind has no such form: {error.message}")


def batch(node: Node, device: str = "cpu") -> torch.Tensor:
    """Random tensors of a node's input; maps are NCHW, channels-last in memory."""
    x = torch.randn(2, *node.inputs[0].shape, device=device)
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def shape_of(x: torch.Tensor) -> tuple[int, ...]:
    """The shape of one image's feature."""
    return tuple((x.permute(0, 2, 3, 1) if x.ndim == 4 else x).shape[1:])


every_kind = pytest.mark.parametrize(
    "kind", [*parts(), *leaf_kinds()], ids=lambda kind: f"{kind.family_name}-{kind.tag()}"
)


def all_leaves() -> list[type[Leaf]]:
    found, queue = [], [Leaf]
    while queue:
        for leaf in queue.pop().__subclasses__():
            queue.append(leaf)
            is_family = issubclass(leaf, Kind) and leaf.is_family()
            # a dataclass with slots leaves its first version behind among the subclasses
            is_current = getattr(sys.modules[leaf.__module__], leaf.__name__, None) is leaf
            inherits = "Inherit" in leaf.__name__
            if is_current and not (is_family or inherits) and "designspace" in leaf.__module__:
                found.append(leaf)
    return found


@pytest.mark.parametrize("leaf", all_leaves(), ids=lambda leaf: leaf.__name__)
def test_every_leaf_has_a_lowering(leaf: type[Leaf]) -> None:
    assert leaf in LOWERINGS


@every_kind
@pytest.mark.parametrize("stride", [1, 2])
def test_counts_equal_torch_on_the_meta_device(kind: type[Kind], stride: int) -> None:
    node = planned(kind, stride)
    with torch.device("meta"):
        module = module_of(node).eval()
        counter = FlopCounterMode(display=False)
        with counter:
            output = module(batch(node, "meta")[:1])
    assert sum(p.numel() for p in module.parameters()) == node.cost.params
    assert counter.get_total_flops() == 2 * node.cost.macs
    assert shape_of(output) == node.output.shape
    assert 0 <= node.cost.spatial <= node.cost.macs


@every_kind
def test_trains_a_step(kind: type[Kind]) -> None:
    node = planned(kind)
    module = module_of(node)
    x = batch(node).requires_grad_()
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
