"""Every published listing of names and shapes is recognised, and written back, one to one."""

from __future__ import annotations

import pytest
import torch

import designspace
from designspace.weights import state_dict_as
from designspace.weights.recognise import recognise
from tests.helpers.references import listing

SIZES = ("tiny", "small", "base", "large")
CONVNEXT = {f"convnext_{size}": f"convnext_{size[0]}" for size in SIZES}

ISO = {f"convnext_iso_{size}": f"convnext_iso_{size[0]}" for size in SIZES[1:]}
V2 = ("atto", "femto", "pico", "nano", "tiny", "base", "large", "huge")
SWIN = {f"swin_{size}": f"swin_{size[0]}" for size in SIZES}
RESNETS = ("resnet50", "resnet101", "resnet152", "resnet200", "resnext50_32x4d")
POOLFORMERS = tuple(f"poolformer_{size}" for size in ("s12", "s24", "s36", "m36", "m48"))
NAMES = {
    **CONVNEXT,
    "convnext_xlarge": "convnext_xl",
    **ISO,
    **{f"convnextv2_{size}": f"convnextv2_{size}" for size in V2},
    **{name: name for name in RESNETS},
    **SWIN,
    "swin_base_384": "swin_b_384",
    "swin_large_384": "swin_l_384",
    "deit_small": "deit_s",
    "deit_base": "deit_b",
    **{name: name for name in POOLFORMERS},
}
BOTH = ("convnext_", "convnextv2_", "poolformer_", "swin_")
OFFICIAL = [n for n in NAMES if n.startswith(BOTH) and "_iso_" not in n and "_384" not in n]
CASES = [
    *((name, "official" if name in ISO else "timm", name) for name in NAMES),
    *((name, "official", f"{name}.official") for name in OFFICIAL),
]


@pytest.mark.parametrize(("name", "layout", "file"), CASES)
def test_a_listing_maps_one_to_one(name: str, layout: str, file: str) -> None:
    listed = listing(file)
    with torch.device("meta"):
        model = designspace.build(NAMES[name])
        given = {key: torch.empty(shape) for key, shape in listed.items()}
    own = model.state_dict()
    match = recognise(given, own)
    assert layout in match.layout.origins
    assert not match.wrong
    assert match.classes is None
    assert not match.resized
    assert match.tensors.keys() == own.keys()
    tables = {key for key in listed if key.endswith(("relative_position_index", "attn_mask"))}
    assert set(match.recomputed) == tables
    assert len(own) + len(tables) == len(listed)
    written = state_dict_as(model, layout)
    assert {key: tuple(value.shape) for key, value in written.items()} == {
        key: shape for key, shape in listed.items() if key not in tables
    }
