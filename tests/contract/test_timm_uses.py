"""Networks of timm that one combinator each makes possible: parameters and multiply-adds agree."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch
from timm.layers.mlp import GluMlp
from timm.models.inception_next import InceptionDWConv2d
from torch.utils.flop_counter import FlopCounterMode

from designspace.compiler.build import module_of
from designspace.costing import cost
from designspace.layers.feature import Feature
from designspace.layers.part import PartContext
from designspace.layers.trace import trace
from designspace.mixers.mixer import ChannelMixer, Mixer
from designspace.spec import load

REGNETY: dict[str, Any] = {
    "depths": [1, 1, 4, 7],
    "widths": [24, 56, 152, 368],
    "block.response": {"kind": "squeeze_excite"},
}
MOBILENETV2: dict[str, Any] = {
    "depths": [2, 3, 4, 3, 3, 1],
    "widths": [24, 32, 64, 96, 160, 320],
    "norm": {"kind": "batchnorm", "eps": 1e-5},
    "act": "relu6",
    "stem": {
        "kind": "conv", "kernel_size": 3, "stride": 2, "padding": 1, "bias": False, "width": 32,
        "act": "inherit",
    },
    "block": {
        "kind": "conv", "wide": "middle", "ratio": 6, "ratio_of": "input", "bias": False,
        "shortcut": None,
        "spatial": {"kind": "conv", "kernel_size": 3, "bias": False},
        "spatial_at": "middle", "norm_at": "all", "act_at": [1, 2],
    },
    "downsample": {"kind": "in_block", "stride": {"per_stage": [2, 2, 2, 1, 2, 1]}},
    "downsample_first": True,
    "head": "conv",
}  # fmt: skip
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


def test_blocks_and_head_of_mobilenetv2() -> None:
    """All but its first block, which alone has two convolutions."""
    stages = {row.name: row.cost for row in cost(load(MOBILENETV2)).rows("block")}
    with torch.device("meta"):
        model: Any = timm.create_model("mobilenetv2_100")

    def params(*modules: torch.nn.Module) -> int:
        return sum(value.numel() for module in modules for value in module.parameters())

    assert stages["stem"].params == params(model.conv_stem, model.bn1)
    assert stages["head"].params == params(model.conv_head, model.bn2, model.classifier)
    for number, stage in enumerate(list(model.blocks)[1:], start=1):
        found = [cost for name, cost in stages.items() if name.startswith(f"stage {number} ")]
        first = 1 if number == 1 else 0  # it takes 32 channels here, and 16 there
        ours = sum(cost.params for cost in found[first:])
        assert ours == params(*list(stage)[first:])


def built(kind: str, family: type[Any], channels: int) -> Any:
    part = family.registry[kind].model_validate({"kind": kind})
    torch.manual_seed(0)
    return module_of(trace(part.on(PartContext(channels)), Feature((14, 14, channels)))).eval()


def test_the_inception_mixer_is_that_of_timm() -> None:
    ours, theirs = built("inception", Mixer, 32), InceptionDWConv2d(32)
    names = {"square": "dwconv_hw", "row": "dwconv_w", "column": "dwconv_h"}
    for name, name_of_timm in names.items():
        getattr(theirs, name_of_timm).load_state_dict(getattr(ours, name).state_dict())
    x = torch.randn(3, 32, 14, 14)
    torch.testing.assert_close(ours(x), theirs(x))


def test_the_gated_mlp_is_that_of_timm() -> None:
    ours = built("gated_mlp", ChannelMixer, 32)
    theirs = GluMlp(32, 2 * 80, act_layer=torch.nn.SiLU, gate_last=False)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, 32, 14, 14)
    singly = theirs(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    torch.testing.assert_close(ours(x), singly)
