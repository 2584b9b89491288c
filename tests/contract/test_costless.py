"""What a kind calls costless changes neither shapes nor costs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.blocks.conv_block import ConvBlock
from designspace.layers.feature import Feature, ShapeError
from designspace.layers.leaves.act import GELU, ReLU
from designspace.layers.leaves.norm import BatchNorm, LayerNorm
from designspace.layers.part import PartContext
from designspace.layers.pricing import price

CASES: dict[str, Any] = {
    "act": [GELU(), ReLU()],
    "act_at": [(), (1,), (2,), (1, 2, 3)],
}
OTHERS = st.fixed_dictionaries(
    {
        "norm": st.sampled_from([LayerNorm(), BatchNorm()]),
        "norm_at": st.sampled_from([(), (0,), (1, 2, 3)]),
        "wide": st.sampled_from(["ends", "middle"]),
        "spatial_at": st.sampled_from(["first", "middle", "last"]),
        "layer_scale_init": st.sampled_from([None, 0.1]),
    }
)


def priced(block: ConvBlock, channels: int, stride: int) -> Any:
    try:
        return price(block.on(PartContext(16, stride)), Feature((8, 8, channels)))
    except ShapeError as error:
        return error.message


@given(OTHERS, st.sampled_from([16, 32]), st.sampled_from([1, 2]))
def test_the_costless_fields_of_a_block(others: Any, channels: int, stride: int) -> None:
    block = ConvBlock(act=GELU(), **others)
    assert block.costless() == CASES.keys()
    for name, values in CASES.items():
        for value in values:
            other = block.model_copy(update={name: value})
            assert priced(other, channels, stride) == priced(block, channels, stride)


def test_an_activation_that_costs_something_is_not_among_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("designspace.blocks.conv_block.is_idle", lambda _: False)
    assert not ConvBlock(act=GELU()).costless()
