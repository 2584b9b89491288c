"""Every leaf: its lowering, its cost and what it keeps for the backward pass, as torch has them."""

from __future__ import annotations

import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler.build import module_of
from designspace.compiler.lower import LOWERINGS
from designspace.costing.memory_reading import SINGLE, MemoryReading
from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf
from designspace.layers.saved_tensors import Precision
from designspace.layers.trace import Node, trace
from designspace.verification.memory import saved_by

BATCH = 2
WIDTHS = {torch.float32: 4, torch.bfloat16: 2}


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


every_leaf = pytest.mark.parametrize("leaf", all_leaves(), ids=lambda leaf: leaf.__name__)


def tensors(node: Node, device: str) -> list[torch.Tensor]:
    """Tensors of a node's inputs."""
    return [tensor(x, device) for x in node.inputs]


def tensor(x: Feature, device: str) -> torch.Tensor:
    """A map is (batch, channels, height, width), and channels-last in memory."""
    values = torch.randn(BATCH, *x.shape, device=device)
    return values.permute(0, 3, 1, 2) if values.ndim == 4 else values


@every_leaf
def test_every_leaf_has_a_lowering(leaf: type[Leaf]) -> None:
    assert leaf in LOWERINGS


@every_leaf
def test_formulas_equal_torch_on_the_meta_device(leaf: type[Leaf]) -> None:
    for case, xs in leaf.cases():
        node = trace(case, *xs)
        with torch.device("meta"):
            module = module_of(node).eval()
            with FlopCounterMode(display=False) as counter:
                output = module(*tensors(node, "meta"))
        assert sum(p.numel() for p in module.parameters()) == node.cost.params
        assert counter.get_total_flops() == 2 * BATCH * node.cost.macs
        assert output.shape == tensor(node.output, "meta").shape


@every_leaf
@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("float32", torch.float32), ("bf16", torch.float32), ("bf16", torch.bfloat16)],
    ids=["float32", "mixed", "mixed-from-half"],
)
def test_saved_and_autocast_are_those_of_torch(
    leaf: type[Leaf], precision: Precision, dtype: torch.dtype
) -> None:
    """On fake tensors: the bytes that autograd keeps, and the precision of the output."""
    for case, xs in leaf.cases():
        reading = MemoryReading(SINGLE if precision == "float32" else 2)
        node = trace(case, *xs)
        output = reading.leaf(node, tuple(reading.tensor(x, WIDTHS[dtype]) for x in xs))
        ours = sum(BATCH * step.image + step.batch for step in reading.steps)
        theirs, precise = saved_by(node, BATCH, precision, dtype)
        assert (case, ours) == (case, theirs)
        assert output.width == WIDTHS[precise]
