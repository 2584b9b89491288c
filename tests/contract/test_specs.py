"""Every network that ships: its header is true, it builds, it goes round through YAML."""

from __future__ import annotations

import re

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler import build
from designspace.costing import cost
from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.spec.documents.document import dump_yaml, parse

every_spec = pytest.mark.parametrize("name", catalog.names("specs"))


@every_spec
def test_the_header_is_true(name: str) -> None:
    text = (catalog.root() / "specs" / f"{name}.yaml").read_text()
    stated = re.search(r"([\d,]+) params, ([\d.]+) GMACs at (\d+)", text)
    if stated is None:
        assert re.search(r"^base:", text, re.MULTILINE), "a whole network states its numbers"
        return
    params, gmacs, size = stated.groups()
    table = cost(name, int(size))
    assert f"{table.params:,}" == params
    assert f"{table.macs / 1e9:.4f}" == gmacs


@every_spec
def test_counts_equal_torch_on_the_meta_device(name: str) -> None:
    table, size = cost(name), load(name).input_size
    with torch.device("meta"):
        model = build(name).eval()
        counter = FlopCounterMode(display=False)
        with counter:
            model(torch.empty(1, 3, size, size))
    assert sum(p.numel() for p in model.parameters()) == table.params
    assert counter.get_total_flops() == 2 * table.macs


@every_spec
def test_goes_round_through_yaml(name: str) -> None:
    network = load(name)
    again = load(parse(dump_yaml(network.authored), file="again").data)
    assert again == network
    assert again.digest == network.digest
    assert network.name == name


def test_the_pieces_of_the_total_add_up() -> None:
    table = cost("resnet50")
    assert sum(stage.cost.macs for stage in table.stages) == table.macs == 4_089_184_256
    assert sum(stage.cost.params for stage in table.stages) == table.params == 25_557_032
