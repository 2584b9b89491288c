"""Specifications as values: equal ones have equal hashes, whichever way they came about."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given

from designspace.blocks.conv_block import ConvBlock
from designspace.costing import cost
from designspace.errors import InputError
from designspace.layers.feature import Feature
from designspace.layers.kind import Kind
from designspace.layers.leaves.act import GELU, ReLU
from designspace.layers.leaves.norm import BatchNorm, LayerNorm, NoNorm
from designspace.layers.part import PartContext
from designspace.layers.trace import trace, trace_whole
from designspace.spec import load
from designspace.spec.network.network import Network
from tests.helpers.strategies import networks


def block(**fields: Any) -> ConvBlock:
    return ConvBlock(norm=LayerNorm(), act=GELU(), **fields)


def test_equal_values_have_equal_hashes() -> None:
    assert block(ratio=3) == block(ratio=3)
    assert hash(block(ratio=3)) == hash(block(ratio=3))
    assert hash(block(ratio=3)) != hash(block(ratio=4))
    assert LayerNorm() != NoNorm()
    assert hash(LayerNorm(eps=1e-5)) != hash(BatchNorm(eps=1e-5))


@pytest.mark.parametrize("deep", [False, True])
def test_a_changed_copy_has_a_hash_of_its_own(deep: bool) -> None:
    value = block()
    assert hash(value) == hash(value.model_copy(deep=deep))  # the first is known by now
    changed = value.model_copy(update={"act": ReLU()}, deep=deep)
    assert changed != value
    assert hash(changed) != hash(value)
    assert hash(changed) == hash(ConvBlock(norm=LayerNorm(), act=ReLU()))


def test_copies_are_equal() -> None:
    value = block()
    hash(value)
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert twin == value
        assert hash(twin) == hash(value)


def test_a_hash_is_no_part_of_equality() -> None:
    asked, unasked = block(), block()
    hash(asked)
    assert asked == unasked
    assert asked.model_dump() == unasked.model_dump()
    assert repr(asked) == repr(unasked)


def test_no_hash_travels_to_another_process() -> None:
    """Hashes of words differ from process to process: one that travelled would never be met."""
    value = block()
    hash(value)
    code = (
        "import pickle, sys; value = pickle.load(sys.stdin.buffer);"
        "assert hash(value) == hash(type(value).model_validate(value.model_dump()))"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(value),
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            check=True,
        )


def test_what_was_worked_out_is_no_part_of_a_network() -> None:
    asked, unasked = load("convnext_t"), load("convnext_t")
    assert asked.stages
    assert asked.digest
    assert asked == unasked
    assert hash(asked) == hash(unasked)


def test_a_stage_is_a_valid_one() -> None:
    """Stages are made of what was validated before, and not validated again."""
    for name in ("convnext_t", "resnet50", "swin_t"):
        for stage in load(name).stages:
            again = type(stage).model_validate(stage.model_dump())
            assert again == stage
            assert hash(again) == hash(stage)


def test_equal_parts_share_their_node() -> None:
    x, at = Feature((8, 8, 32)), PartContext(32)
    assert trace(block().on(at), x) is trace(block().on(at), x)
    assert trace(block().on(at), x) is not trace(block(ratio=2).on(at), x)
    assert trace(block().on(at), x) is not trace(block().on(PartContext(32, 2)), x)


@given(networks())
def test_remembering_changes_no_cost(data: dict[str, Any]) -> None:
    """The cost with everything remembered is that of every leaf, summed anew."""
    try:
        network = load(data)
        table = cost(network)
    except InputError:
        return
    node = trace_whole(network.on(PartContext(1000)), table.input)
    leaves = [leaf.layer.cost(*leaf.inputs) for _, leaf in node.leaves()]  # type: ignore[union-attr]
    assert sum(leaf.params for leaf in leaves) == table.params
    assert sum(leaf.macs for leaf in leaves) == table.macs
    assert sum(leaf.acts for leaf in leaves) == table.acts
    assert cost(network) == table == cost(load(network.authored))


def test_nested_kinds_are_found_by_their_values() -> None:
    """What a field's type admits is asked once a class; what stands in it, each time."""

    def kinds(value: Kind) -> set[str]:
        return {name for name, _ in value.nested()}

    assert kinds(block()) == {"spatial", "norm", "act", "shortcut"}
    assert kinds(block(response="grn")) == {"spatial", "norm", "act", "shortcut", "response"}
    assert kinds(LayerNorm()) == set()
    assert isinstance(load("convnext_t"), Network)
    assert kinds(load("convnext_t")) == {"norm", "act", "stem", "head"}
