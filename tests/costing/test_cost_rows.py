"""A network's cost by stage, block and layer: every level adds up to the whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from designspace.costing import cost
from designspace.errors import InputError
from designspace.layers.cost import Level, total
from tests.helpers.command import run
from tests.helpers.strategies import networks

NAMES = ("convnext_t", "resnet50", "swin_t", "deit_s", "poolformer_s12", "convnextv2_atto")
LEVELS: tuple[Level, ...] = ("stage", "block", "layer")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_rows_add_up(name: str, level: Level) -> None:
    table = cost(name)
    assert total(row.cost for row in table.rows(level)) == table.total


@given(networks())
def test_rows_of_any_network_add_up(data: dict[str, Any]) -> None:
    try:
        table = cost(data)
    except InputError:
        return
    for level in LEVELS:
        assert total(row.cost for row in table.rows(level)) == table.total


def test_equal_blocks_are_one_row() -> None:
    rows = {row.name: row for row in cost("resnet50").rows("block")}
    assert rows["stage 3 block 1"].times == 1  # it shrinks the map
    others = rows["stage 3 block 2-6"]
    assert (others.times, others.output.shape, others.kind) == (5, (14, 14, 1024), "ConvBlock")
    assert others.cost.params == 5 * (
        1024 * 256 + 9 * 256 * 256 + 256 * 1024 + 2 * (256 * 2 + 1024)
    )


def test_layers_of_a_block() -> None:
    rows = {row.name: row for row in cost("convnext_t").rows("layer")}
    spatial = rows["stage 3 block 1-9 branch.spatial.conv"]
    assert (spatial.kind, spatial.times, spatial.output.shape) == ("Conv", 9, (14, 14, 384))
    assert spatial.cost.params == 9 * (49 * 384 + 384)
    assert spatial.cost.macs == 9 * 14 * 14 * 49 * 384
    assert not any("drop_path" in name for name in rows)


@pytest.mark.parametrize("level", ["block", "layer"])
def test_rows_as_json(level: str) -> None:
    said = json.loads(run("cost", "convnext_t", "--by", level, "--json").out)
    assert said["by"] == level
    for what in ("params", "macs", "acts"):
        assert sum(row[what] for row in said["rows"]) == said[what]
    assert {"name", "kind", "times", "resolution", "width"} <= said["rows"][0].keys()


def test_rows_as_a_table() -> None:
    ran = run("cost", "convnext_t", "--by", "block")
    assert ran.code == 0
    assert "28,589,128" in ran.out
    assert "stage 3 downsample" in ran.out
    assert "branch.norm1" in run("cost", "convnext_t", "--by", "layer").out


def test_stages_are_the_default() -> None:
    assert run("cost", "convnext_t").out == run("cost", "convnext_t", "--by", "stage").out
    assert "rows" not in json.loads(run("cost", "convnext_t", "--json").out)
    assert run("cost", "convnext_t", "--by", "channel").code == 2
