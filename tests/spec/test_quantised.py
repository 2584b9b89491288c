"""RegNet's widths and group widths: equal to timm's networks, spelt out, refused where wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from timm.models.regnet import model_cfgs

from designspace.costing import cost
from designspace.errors import InputError
from designspace.sampling import space as algebra
from designspace.sampling.task import Task
from designspace.spec import load
from designspace.spec.network.regnet_widths import Quantised
from designspace.spec.space.load_space import load_space
from tests.helpers.algebra_spaces import CHANNELS, CLASSES, SIZE, by_looking

BASE = load("regnetx_002").authored


# One of timm's is torchvision's, which rounds up where that loses over a tenth of the width.
BY_THE_PAPER = [
    name
    for name, regnet in model_cfgs.items()
    if name.startswith("regnetx_") and not regnet.group_min_ratio
]


@pytest.mark.skipif(
    Version(timm.__version__) < Version("1.0.30"),
    reason="earlier versions of timm cannot make RegNets on the meta device",
)
@pytest.mark.parametrize("name", BY_THE_PAPER)
def test_parameters_equal_timms(name: str) -> None:
    theirs: Any = model_cfgs[name]
    changes = {
        "depths": theirs.depth,
        "widths": {"w0": theirs.w0, "wa": theirs.wa, "wm": theirs.wm},
        "block.spatial.groups.width": theirs.group_size,
    }
    with torch.device("meta"):
        model = timm.create_model(name)
    ours = cost(load("regnetx_002", changes))
    assert ours.params == sum(p.numel() for p in model.parameters())


def test_the_digest_is_that_of_the_spelt_out_network() -> None:
    network = load("regnetx_006")
    depths, widths = list(network.depths), list(network.stage_widths)
    assert (depths, widths) == ([1, 3, 5, 7], [48, 96, 240, 528])
    spelt = load("regnetx_006", {"depths": depths, "widths": widths})
    assert spelt.digest == network.digest
    assert network.authored["widths"] == {"w0": 48, "wa": 36.97, "wm": 2.24}
    deeper = load(network, {"depths": 20, "widths.wm": 2.5})
    assert sum(deeper.depths) == 20
    again = type(network).model_validate(network.model_dump(mode="json"))
    assert again.digest == network.digest


def test_axes_set_the_parameters() -> None:
    axes = {
        "depth": {"path": "depths", "range": [12, 14]},
        "w0": {"path": "widths.w0", "choices": [16, 24]},
        "group": {"path": "block.spatial.groups.width", "choices": [8, 24]},
    }
    space = load_space({"base": "regnetx_002", "axes": axes})
    network = space.spec({"depth": "14", "w0": "16", "group": "24"})
    assert sum(network.depths) == 14
    assert network.stage_widths[0] == 16  # narrower than a group: one group
    assert all(width % 24 == 0 for width in network.stage_widths[1:])
    staged = {"path": "depths", "each_stage": True, "range": [1, 8]}
    spelt = load_space({"base": "regnetx_002", "axes": {"depth": staged}})
    assert spelt.base_network().digest == load("regnetx_002").digest
    assert list(spelt.axes) == ["depth.1", "depth.2", "depth.3", "depth.4"]


@given(
    st.integers(1, 40),
    st.integers(1, 32).map(lambda n: 8 * n),
    st.floats(0, 256, allow_nan=False),
    st.floats(1.5, 3, allow_nan=False),
    st.one_of(st.none(), st.sampled_from([1, 8, 24, 48, 120])),
)
def test_stages_share_out_the_blocks_and_grow(
    depth: int, w0: int, wa: float, wm: float, group: int | None
) -> None:
    form = Quantised(w0=w0, wa=wa, wm=wm)
    stages = form.over(depth)
    widths = [width for _, width in stages]
    assert sum(count for count, _ in stages) == depth
    assert widths == sorted(set(widths))
    assert widths[0] == w0
    assert all(width % 8 == 0 for width in widths)
    for (_, plain), (_, grouped) in zip(stages, form.over(depth, group), strict=True):
        size = min(group or 1, plain)
        assert grouped % size == 0
        assert grouped > 0
        assert abs(grouped - plain) <= size / 2


def test_the_first_stage_may_shrink_the_map() -> None:
    same = load("regnetx_002", {"downsample_first": False})
    assert same.digest != load("regnetx_002").digest
    assert cost(same).stages[1].output.size == (112, 112)
    assert cost("regnetx_002").stages[1].output.size == (56, 56)


@pytest.mark.parametrize(
    ("line", "where", "said"),
    [
        ("widths: {w0: 20, wa: 36, wm: 2}", "3: widths.w0", "20 is not a multiple of 8"),
        ("widths: {w0: 24, wa: 36, wm: 1}", "3: widths.wm", "greater than 1"),
        ("widths: {w0: 24, wa: 36}", "3: widths.wm", "a required key is missing"),
        ("widths: {w0: 24, wa: 36, wm: 2, multiple: 8}", "3: widths.multiple", "'multiple_of'?"),
        ("widths: {w0: 24, wa: 36, wm: 2, stages: 9}", "3: widths", "stages, not 9"),
        ("depths: [3, 4, 6, 3]", "3: depths", "the total number of blocks (got [3, 4, 6, 3])"),
        ("depths: 0", "3: depths", "the total number of blocks (got 0)"),
        ("widths: [24, 56, 152, 368]", "depths", "a list was expected (got 13)"),
        ("block.spatial.groups: {widht: 8}", "3: block.spatial.groups", "widht"),
        ("block.spatial.groups: {width: 0}", "3: block.spatial.groups.width", "(got 0)"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, line: str, where: str, said: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"base: regnetx_002\nchanges:\n  {line}\n")
    with pytest.raises(InputError) as caught:
        load(path)
    assert where in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_groups_come_out_even() -> None:
    changes = {"depths": [1, 1], "widths": [24, 56], "block.spatial.groups.width": 16}
    with pytest.raises(InputError, match="not a whole number of groups of 16; use widths that are"):
        cost(load("regnetx_002", changes))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"kernel": {"path": "block.spatial.kernel_size", "choices": [3, 5]}},
        {"down": {"path": "downsample", "choices": ["in_block", "separate"]}},
        {"all": {"choices": {"a": {"widths.w0": 16}, "b": {"widths": {"base": 8, "growth": 2}}}}},
    ],
)
@pytest.mark.parametrize("stages", [None, 4])
def test_a_space_of_them_is_counted_exactly(more: dict[str, Any], stages: int | None) -> None:
    """As by looking at each network: numbers that come to the same widths are one."""
    if "all" in more and stages:
        pytest.skip("other widths leave the number of stages behind")
    axes = {
        "depth": {"path": "depths", "choices": [5, 9, 13] if "all" not in more else [[2, 3], 5]},
        "wa": {"path": "widths.wa", "choices": [20.5, 36.44, 40]},
        "wm": {"path": "widths.wm", "choices": [2.0, 2.49]},
        "group": {"path": "block.spatial.groups.width", "choices": [4, 16]},
        **more,
    }
    if "all" in more:
        del axes["wa"], axes["wm"]
    base = BASE if stages is None else BASE | {"widths": BASE["widths"] | {"stages": stages}}
    space = algebra.load_space({"base": base, "axes": axes})
    found = space.feasible(task=Task(SIZE, CHANNELS, CLASSES))
    draw = found.draw(space.size)
    costs = zip(draw.params.tolist(), draw.macs.tolist(), draw.acts.tolist(), strict=True)
    digests = [space.spec(point).digest for point in draw.points()]
    assert dict(zip(digests, costs, strict=True)) == by_looking(space)
    assert found.count == len(draw) == len(set(digests))
