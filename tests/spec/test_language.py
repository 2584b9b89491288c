"""The language: changes, short forms, values a stage, identity."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from designspace.compiler import build
from designspace.costing import cost, plan
from designspace.errors import InputError
from designspace.layers.feature import ShapeError
from designspace.spec import load
from designspace.spec.documents.document import dump_yaml, parse
from designspace.spec.network.diff import diff
from tests.helpers.strategies import networks


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
    with pytest.raises(InputError, match="does not say which positions"):
        load("resnet50", {"block.norm_at": 1})


def test_changes_apply_in_order_and_leave_the_original_alone() -> None:
    network = load("convnext_t")
    changed = load(network, {"stem": "patchify", "stem.patch_size": 2})
    assert changed.stem.model_dump()["patch_size"] == 2
    assert network.authored["stem"]["patch_size"] == 4


def test_resnet_to_convnext_is_the_roadmap() -> None:
    names = [decision.name for decision in diff("resnet50", "convnext_t").decisions]
    assert names == [
        "stage_ratio", "patchify_stem", "depthwise", "width", "inverted_bottleneck",
        "spatial_first",
        "kernel_size", "activation", "activation_count", "norm_count", "norm",
        "separate_downsampling",
    ]  # fmt: skip
    assert not diff("resnet50", "convnext_t").rest


def test_a_diff_lists_what_no_decision_covers() -> None:
    found = diff("resnet50", load("resnet50", {"stem.width": 32}))
    assert [change.path for change in found.rest] == ["stem.width"]
    assert not found.decisions


printable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(1 - 2**64, 2**64 - 1)
        | st.floats(allow_nan=False) | printable
        | st.sampled_from(["1e-2", "1e5", "null", "on", "0x1f", "1_000", "~", "<<"]),
        lambda inner: st.lists(inner) | st.dictionaries(printable, inner),
    )
)  # fmt: skip
def test_plain_data_goes_round_through_yaml(data: object) -> None:
    assert parse(dump_yaml(data), file="again").data == data


def test_a_decision_is_not_named_for_what_has_gone() -> None:
    """A stem without patches is no decision about the side of its patches."""
    found = diff("convnext_t", load("convnext_t", {"stem": {"kind": "conv_pool"}}))
    assert [decision.name for decision in found.decisions] == ["conv_pool_stem"]
    gone = {"block.norm_at": [], "block.layer_scale_init": None}
    names = [decision.name for decision in diff("convnext_t", load("convnext_t", gone)).decisions]
    assert names == ["norm_count", "layer_scale"]


def test_norms_of_no_kind_stand_nowhere() -> None:
    nowhere = load("convnext_t", {"block.norm_at": []}).digest
    assert load("convnext_t", {"block.norm": None}).digest == nowhere
    assert load("convnext_t", {"block.norm": None, "block.norm_at": "all"}).digest == nowhere


def test_a_copy_with_other_values_is_another_network() -> None:
    network = load("convnext_proxy")
    assert network.digest
    copied = network.model_copy(update={"depths": (1, 1, 1)})
    assert copied.digest == load(network, {"depths": [1, 1, 1]}).digest != network.digest
    assert cost(copied).params < cost(network).params
    assert load(copied, {"act": "relu"}).depths == (1, 1, 1)


def test_a_network_does_not_share_the_data_it_was_made_of() -> None:
    data = copy.deepcopy(load("convnext_proxy").authored)
    network = load(data)
    data["block"]["ratio"] = 2
    assert load(network, {"name": "x"}).digest == network.digest


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_written_is_a_network_or_refused(seed: int) -> None:
    """Shipped specs, changed at random: one line that says what is wrong, or a true network."""
    draw = random.Random(seed)
    values = [
        None, 0, -1, 3, 1.5, float("nan"), float("inf"), 10**30, 1e-300, True, "", "x", "all",
        "conv", "gelu", [], {}, [None], {"kind": None}, {"kind": []}, {"kind": {}}, {1: 2},
        {"per_stage": []}, {"per_stage": None}, {"per_stage": [{"per_stage": [1] * 4}] * 4},
        {"base": 96, "growth": 1e-9}, {"eps": 1e-3}, (1, 2), b"x",
    ]  # fmt: skip
    said: list[str] = []
    for _ in range(100):
        data = copy.deepcopy(load(draw.choice(["convnext_t", "resnet_proxy"])).authored)
        place: Any = data
        while isinstance(inner := place[draw.choice(list(place))], dict) and draw.random() < 0.7:
            place = inner
        key = draw.choice([*place, "kind", "per_stage", "base", "foo", None, 3])
        place[key] = copy.deepcopy(draw.choice(values))
        try:
            network = load(data)
            assert load(network.model_dump(mode="json")).digest == network.digest
            assert cost(network).macs > 0
            assert not diff(network, network)
            diff(network, "resnet50")
        except InputError as error:
            said.append(str(error))
    assert not [each for each in said if "\n" in each]
