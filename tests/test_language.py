"""The language: changes, short forms, values a stage, identity."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from designspace.compiler import build
from designspace.costing import cost, plan
from designspace.errors import InputError
from designspace.layers.leaf import ShapeError
from designspace.spec import load
from designspace.spec.diff import diff
from designspace.spec.files import dump_yaml, parse
from tests.strategies import networks


def leaves(data: dict[str, Any]) -> list[tuple[str, object, object]]:
    """What the network computes: each leaf with its inputs."""
    try:
        node = plan(load(data))
    except ShapeError:
        assume(False)
        raise
    return [(name, leaf.layer, leaf.inputs) for name, leaf in node.leaves()]


@given(networks())
def test_cost_equals_the_module(data: dict[str, Any]) -> None:
    leaves(data)
    table = cost(data, num_classes=5)
    torch.manual_seed(0)
    model = build(data, num_classes=5).eval()
    assert sum(p.numel() for p in model.parameters()) == table.params
    assert model(torch.randn(1, 3, 32, 32)).shape == (1, 5)
    assert min(table.params, table.macs, table.acts, table.total.spatial) >= 0


@given(networks(), networks())
def test_the_digest_is_that_of_the_meaning(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Networks with one digest compute the same: no field that matters is left out."""
    if load(a).digest == load(b).digest:
        assert leaves(a) == leaves(b)


@given(networks())
def test_a_change_that_changes_the_layers_changes_the_digest(data: dict[str, Any]) -> None:
    before = leaves(data)
    biased = ("block.bias", False) if data["block"]["kind"] == "conv" else ("head.norm", None)
    for path, value in [("act", "hardswish"), biased, ("depths.0", 3)]:
        changed = load(data, {path: value})
        if (changed.digest != load(data).digest) != (leaves(changed.authored) != before):
            # an activation or shortcut that stands nowhere is no difference; all else is
            pytest.fail(f"{path}: digest and layers disagree")


@given(networks())
def test_names_and_sizes_are_no_part_of_the_meaning(data: dict[str, Any]) -> None:
    assert load(data | {"name": "other", "input_size": 64}).digest == load(data).digest


@given(networks())
def test_data_goes_round(data: dict[str, Any]) -> None:
    network = load(data)
    dumped = network.model_dump(mode="json")
    assert load(dumped).digest == network.digest


def test_spellings_of_one_network_share_a_digest() -> None:
    plain = load("convnext_t")
    spelt = {
        "widths": [96, 192, 384, 768],
        "block.norm": {"kind": "layernorm", "eps": 1e-6},
        "block.spatial.kernel_size": {"per_stage": [7, 7, 7, 7]},
        "stem.width": 96,
        "head": {"kind": "linear", "norm": {"kind": "layernorm"}, "norm_at": "after_pool"},
        "block.shortcut.kernel_size": 3,
    }
    assert load("convnext_t", spelt).digest == plain.digest
    assert not diff(plain, load("convnext_t", spelt))


def test_values_a_stage() -> None:
    network = load("convnext_t", {"block.spatial.kernel_size": {"per_stage": [31, 29, 27, 13]}})
    assert [stage.block.spatial.kernel_size for stage in network.stages] == [31, 29, 27, 13]  # type: ignore[attr-defined]


def test_counts_stand_for_positions_where_their_meaning_is_unique() -> None:
    every = load("resnet50").digest
    assert load("resnet50", {"block.norm_at": 3, "block.act_at": [3, 1, 2]}).digest == every
    with pytest.raises(InputError, match="does not say where"):
        load("resnet50", {"block.norm_at": 1})


def test_changes_apply_in_order_and_leave_the_original_alone() -> None:
    network = load("convnext_t")
    changed = load(network, {"stem": "patchify", "stem.patch_size": 2})
    assert changed.stem.model_dump()["patch_size"] == 2
    assert network.authored["stem"]["patch_size"] == 4


def test_resnet_to_convnext_is_the_roadmap() -> None:
    names = [decision.name for decision in diff("resnet50", "convnext_t").decisions]
    assert names == [
        "stage_ratio", "patchify_stem", "depthwise", "width", "inverted_bottleneck", "spatial_at",
        "kernel_size", "activation", "activation_count", "norm_count", "norm",
        "separate_downsampling", "layer_scale",
    ]  # fmt: skip
    assert not diff("resnet50", "convnext_t").rest


def test_a_diff_lists_what_no_decision_covers() -> None:
    found = diff("resnet50", load("resnet50", {"stem.width": 32}))
    assert [change.path for change in found.rest] == ["stem.width"]
    assert not found.decisions


printable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | printable
        | st.sampled_from(["1e-2", "1e5", "null", "on", "0x1f", "1_000", "~", "<<"]),
        lambda inner: st.lists(inner) | st.dictionaries(printable, inner),
    )
)  # fmt: skip
def test_plain_data_goes_round_through_yaml(data: object) -> None:
    assert parse(dump_yaml(data), file="again").data == data
