"""Every network of the catalog in every layout: the names and shapes that its library has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.convnext import CNBlockConfig

import designspace
from designspace.errors import InputError
from designspace.naming.timm_names import timm_name
from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.weights import load_weights, state_dict_as
from designspace.weights.layouts import known
from designspace.weights.match import match
from designspace.weights.structure import conv_blocks
from tests.helpers.random_weights import randomise

TORCHVISION = {  # its regnet_x_400mf has 400 channels at the end, where pycls and timm have 384
    "resnet50": "resnet50",
    "resnet101": "resnet101",
    "resnet152": "resnet152",
    "resnext50_32x4d": "resnext50_32x4d",
    "convnext_t": "convnext_tiny",
    "convnext_s": "convnext_small",
    "convnext_b": "convnext_base",
    "convnext_l": "convnext_large",
    "swin_t": "swin_t",
    "swin_s": "swin_s",
    "swin_b": "swin_b",
    "regnetx_008": "regnet_x_800mf",
    "regnetx_016": "regnet_x_1_6gf",
    "regnetx_032": "regnet_x_3_2gf",
}
TIMM_UNFOUND = {
    "poolformer_s12", "poolformer_s24", "poolformer_s36", "poolformer_m36", "poolformer_m48",
}  # fmt: skip  # the same tensors, but timm pools before the last norm
QUICK = (  # one of each family and form of layout; the others are slow together
    "convnext_t", "convnextv2_atto", "convnext_iso_s", "convnext_proxy", "resnet50", "resnet_proxy",
    "resnext50_32x4d", "regnetx_002", "regnetx_008", "swin_t", "deit_s", "poolformer_s12",
)  # fmt: skip
OFFICIAL = ("convnext", "swin", "deit", "poolformer", "regnetx")
TABLES = ("relative_position_index", "attn_mask")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def quick_and_slow(names: Iterable[str]) -> list[Any]:
    slow = pytest.mark.slow
    return [name if name in QUICK else pytest.param(name, marks=slow) for name in names]


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if not name.endswith(TABLES)
    }


def on_meta(name: str) -> nn.Module:
    with torch.device("meta"):
        return designspace.build(name)


def torchvisions(name: str, **settings: Any) -> nn.Module:
    return getattr(torchvision.models, name)(weights=None, **settings)


def equal_listings(ours: nn.Module, theirs: nn.Module, layout: str) -> None:
    written = state_dict_as(ours, layout)
    assert {name: tuple(t.shape) for name, t in written.items()} == shapes(theirs)


@pytest.mark.parametrize("name", quick_and_slow(catalog.names("specs")))
def test_timms_names_are_those_that_timm_knows(name: str) -> None:
    known_name = name if name in TIMM_UNFOUND else timm_name(load(name))
    if known_name is None:
        return
    with torch.device("meta"):
        theirs = timm.create_model(known_name)
    equal_listings(on_meta(name), theirs, "timm")


@pytest.mark.parametrize("name", quick_and_slow(TORCHVISION))
def test_torchvisions_names_are_those_that_it_knows(name: str) -> None:
    if name.startswith("regnet"):
        theirs = torchvisions(TORCHVISION[name])  # its widths are computed with tensors
    else:
        with torch.device("meta"):
            theirs = torchvisions(TORCHVISION[name])
    equal_listings(on_meta(name), theirs, "torchvision")


@pytest.mark.parametrize("name", quick_and_slow(catalog.names("specs")))
def test_one_family_reads_every_written_layout(name: str) -> None:
    ours = on_meta(name)
    own = ours.state_dict()
    origins = {"designspace"}
    for layout in known():
        if not layout.is_for(shapes(ours)) or any(layout.theirs(n) is None for n in own):
            continue
        origins |= set(layout.origins)
        found = match(layout, state_dict_as(ours, layout.origins[0]), own, {})
        assert not found.wrong
        assert found.tensors.keys() == own.keys()
    expected = {"designspace"}
    expected |= {"official"} if name.startswith(OFFICIAL) else set()
    isotropic = name.startswith("convnext_iso")
    expected |= set() if isotropic or name == "resnet_proxy" else {"timm"}
    has_scale = name.startswith("convnext_") and name not in ("convnext_proxy",) and not isotropic
    tv = has_scale or name.startswith(("resnet", "resnext", "regnetx", "swin"))
    expected |= {"torchvision"} if tv and name != "resnet_proxy" else set()
    assert origins == expected


def test_a_regnet_is_no_resnet() -> None:
    with pytest.raises(InputError, match="no known layout"):
        load_weights(
            designspace.build("resnet50", num_classes=5),
            state_dict_as(designspace.build("regnetx_002", num_classes=5), "timm"),
        )


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("resnet50", {"stem.kernel_size": 3}),
        ("resnet50", {"block.spatial.kernel_size": 5}),
        ("resnet50", {"block.spatial.groups": {"width": 4}}),
        ("regnetx_002", {"stem.kernel_size": 7}),
        ("regnetx_002", {"block.ratio": 2}),
        ("convnext_t", {"block.spatial.groups": 1}),
    ],
)
def test_a_network_of_no_library_has_no_librarys_layout(name: str, changes: dict[str, Any]) -> None:
    model = designspace.build(load(name, changes))
    for layout in ("timm", "torchvision"):
        with pytest.raises(InputError, match="valid: designspace"):
            state_dict_as(model, layout)


def small_convnext(**_: Any) -> nn.Module:
    settings = [
        CNBlockConfig(96 << stage, 192 << stage if stage < 3 else None, depth)
        for stage, depth in enumerate(SHALLOW)
    ]
    return torchvision.models.ConvNeXt(settings)


def small_swin(**_: Any) -> nn.Module:
    return torchvision.models.SwinTransformer([4, 4], 32, [2, 2], [1, 2], [7, 7])


SHALLOW = (1, 1, 2, 1)
# our network, its changes; the library, its network; sides of the images
PAIRS: dict[str, tuple[str, dict[str, Any], str, Any, tuple[int, ...]]] = {
    "regnet_timm": ("regnetx_002", {}, "timm", "regnetx_002", (64, 97)),
    "regnet_torchvision": ("regnetx_008", {}, "torchvision", "regnet_x_800mf", (64, 97)),
    "convnext_torchvision": (
        "convnext_t", {"depths": list(SHALLOW)}, "torchvision", small_convnext, (64, 75),
    ),
    "swin_torchvision": (
        "swin_t", {"depths": [2, 2], "widths": [32, 64]}, "torchvision", small_swin, (112, 64),
    ),
    "resnet_torchvision": ("resnet50", {}, "torchvision", "resnet50", (64,)),
}  # fmt: skip
FULL = {
    "regnetx_032": ("torchvision", "regnet_x_3_2gf"),
    "regnetx_016": ("timm", "regnetx_016"),
    "convnext_t": ("torchvision", "convnext_tiny"),
    "swin_t": ("torchvision", "swin_t"),
    "resnext50_32x4d": ("torchvision", "resnext50_32x4d"),
}


def pair(
    spec: str, changes: dict[str, Any], library: str, name: Any, size: int | None = None
) -> tuple[nn.Module, nn.Module]:
    create: Any = timm.create_model if library == "timm" else torchvisions
    model: Any = name() if callable(name) else create(name)
    theirs = randomise(model.double())
    ours = designspace.build(load(spec, changes), input_size=size).double().eval()
    loaded = load_weights(ours, theirs.state_dict())
    assert library in next(x.origins for x in known() if x.title in loaded.told)
    assert loaded.tensors == len(ours.state_dict())
    return ours, theirs


@torch.no_grad()
def agree(ours: nn.Module, theirs: nn.Module, side: int) -> None:
    images = torch.randn(2, 3, side, side, dtype=torch.float64)
    wanted: Tensor = theirs(images)
    assert wanted.std() > 0.1
    assert (ours(images) - wanted).abs().max() < 1e-9


@pytest.mark.parametrize("case", PAIRS)
def test_logits_equal_the_librarys(case: str) -> None:
    spec, changes, library, name, sides = PAIRS[case]
    ours, theirs = pair(spec, changes, library, name, sides[0])
    for side in sides:
        agree(ours, theirs, side)
    theirs.load_state_dict(state_dict_as(ours, library), strict=False)
    agree(ours, theirs, sides[0])


@pytest.mark.slow
@pytest.mark.parametrize("spec", FULL)
def test_logits_equal_the_librarys_at_full_size(spec: str) -> None:
    ours, theirs = pair(spec, {}, *FULL[spec])
    agree(ours, theirs, 224)


def test_pycls_weights_read_images_as_bgr() -> None:
    ours = randomise(designspace.build("regnetx_002", num_classes=5))
    written = state_dict_as(ours, "official")
    kernel = ours.state_dict()["stem.conv.weight"]
    assert written["stem.conv.weight"].equal(kernel.flip(1))
    other = designspace.build("regnetx_002", num_classes=5)
    loaded = load_weights(other, written)
    assert "BGR" in loaded.told
    assert other.state_dict()["stem.conv.weight"].equal(kernel)
    assert conv_blocks(shapes(ours))[0].groups == 3
