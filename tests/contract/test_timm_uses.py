"""Networks of timm that one combinator each makes possible: parameters and multiply-adds agree."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch
from torch.utils.flop_counter import FlopCounterMode

from designspace.costing import cost
from designspace.spec import load

REGNETY: dict[str, Any] = {
    "depths": [1, 1, 4, 7],
    "widths": [24, 56, 152, 368],
    "block.response": {"kind": "squeeze_excite"},
}
USES = {"regnety_002": ("regnetx_002", REGNETY)}


@pytest.mark.parametrize("name", USES)
def test_counts_equal_those_of_timm(name: str) -> None:
    base, changes = USES[name]
    table = cost(load(base, changes))
    with torch.device("meta"):
        model = timm.create_model(name).eval()
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, 224, 224))
    assert table.params == sum(parameter.numel() for parameter in model.parameters())
    assert 2 * table.macs == counter.get_total_flops()
