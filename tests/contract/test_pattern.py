"""Blocks in turn: which block stands where, and what a pattern refuses."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import designspace
from designspace.compiler.drop_path import set_drop_path
from designspace.compiler.modules import DropPath
from designspace.costing import cost, plan
from designspace.errors import InputError
from designspace.layers.leaves.windows import WindowAttend
from designspace.spec import load

TWINS: dict[str, Any] = {
    "depths": [4, 2],
    "widths": [16, 32],
    "act": "gelu",
    "stem": "patchify",
    "block": {
        "kind": "pattern",
        "first": {"kind": "metaformer", "mixer": {"kind": "window", "window": 4, "head_dim": 8}},
        "second": {"kind": "metaformer", "mixer": {"kind": "attention", "head_dim": 8}},
    },
    "downsample": "separate",
    "input_size": 64,
}


def test_blocks_alternate_and_an_inner_pattern_goes_on() -> None:
    leaves = dict(plan(load(TWINS)).leaves())
    shifts = {
        name.split(".")[3]: node.layer.shift
        for name, node in leaves.items()
        if name.startswith("stages.0.") and isinstance(node.layer, WindowAttend)
    }
    assert shifts == {
        "0": 0,
        "2": 2,
    }  # every second of the windowed ones
    assert "stages.0.blocks.1.second.mixer.attend" in leaves


def test_a_pattern_costs_what_its_blocks_cost() -> None:
    table = cost(TWINS)
    halves = [
        cost(load(TWINS, {"block": TWINS["block"][name]})).rows("block")
        for name in ("first", "second")
    ]
    ours = [row for row in table.rows("block") if "stage 1 block" in row.name]
    alone = [next(row for row in rows if "stage 1 block" in row.name) for rows in halves]
    singly = [row.cost.params // row.times for row in alone]
    assert [row.cost.params for row in ours for _ in range(row.times)] == 2 * singly


def test_a_pattern_is_built_and_trained() -> None:
    model = designspace.build(TWINS, num_classes=5)
    model(torch.randn(2, 3, 64, 64)).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_drop_path_grows_from_block_to_block() -> None:
    model = designspace.build(TWINS, num_classes=5)
    set_drop_path(model, 0.5)
    rates = [module.rate for module in model.modules() if isinstance(module, DropPath)]
    assert rates[::2] == rates[1::2] == pytest.approx([0.5 * index / 5 for index in range(6)])


def test_blocks_of_other_widths_are_refused_with_their_path() -> None:
    wider = {"kind": "conv", "wide": "ends", "spatial_at": "middle"}
    with pytest.raises(InputError, match="64 and 16 channels alternately"):
        cost(load(TWINS, {"block.first": wider}))


def test_errors_within_a_pattern_name_the_block() -> None:
    with pytest.raises(InputError, match=r"block\.second\.mixer \(stage 1\)"):
        cost(load(TWINS, {"block.second.mixer.head_dim": 7}))


def test_a_shortcut_that_no_block_takes_is_no_difference() -> None:
    changes = {"block.first": {"kind": "conv"}, "block.second": {"kind": "conv"}}
    one = load(TWINS, changes)
    other = load(TWINS, changes | {"block.second": {"kind": "conv", "shortcut": None}})
    assert one.digest == other.digest
