"""timm's interface on our networks: what raised errors or was missing."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, cast

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.optim._param_groups import param_groups_layer_decay
from torch import Tensor, nn
from torch.export import Dim
from torchvision.models.feature_extraction import create_feature_extractor

from designspace import timm_models
from designspace.compiler.build import BlockModule, StageModule, StemModule
from designspace.compiler.timm_interface import fit_tables
from designspace.errors import InputError
from designspace.weights import load_weights
from tests.helpers.small import SIDE, every_family, few_blocks, stir

X = torch.randn(2, 3, SIDE, SIDE)


def made(name: str, **more: Any) -> Any:
    torch.manual_seed(0)
    settings: dict[str, Any] = {"img_size": SIDE, "changes": few_blocks(name)} | more
    model = timm_models.create(f"ds_{name}", **settings)
    if not more.get("features_only") and not more.get("device"):
        stir(model)
    return model.eval()


@every_family
def test_intermediates_in_every_format(name: str) -> None:
    model = made(name)
    with torch.no_grad():
        last = model.forward_features(X)
        final, maps = model.forward_intermediates(X)
        normed = model.forward_intermediates(X, norm=True, intermediates_only=True)
        rows = model.forward_intermediates(X, output_fmt="NLC", intermediates_only=True)
        early = model.forward_intermediates(X, [0], stop_early=True)[1]
        words = model.forward_intermediates(X, output_dict=True, return_prefix_tokens=True)
    assert torch.equal(final, last)
    assert len(maps) == len(model.feature_info)
    for map_, tokens, info in zip(maps, rows, model.feature_info, strict=True):
        side = SIDE // info["reduction"]
        assert map_.shape == (2, info["num_chs"], side, side)
        assert torch.equal(tokens, map_.flatten(2).mT)
    assert torch.equal(early[0], maps[0])
    prefix = model.num_prefix_tokens
    assert ("image_intermediates_prefix" in words) == (prefix > 0)
    as_tokens = last[:, prefix:] if last.ndim == 3 else last.flatten(2).mT
    assert torch.equal(normed[-1].flatten(2).mT, as_tokens)
    with pytest.raises(InputError, match=r"output_fmt: no format 'NHWC'.*NCHW, NLC"):
        model.forward_intermediates(X, output_fmt="NHWC")
    with pytest.raises(InputError, match=r"no stages"):
        model.forward_intermediates(X, [99])


def test_prefix_tokens_come_with_the_maps() -> None:
    model = made("deit_s")
    (pair,) = model.forward_intermediates(
        X, 1, norm=True, return_prefix_tokens=True, intermediates_only=True
    )
    assert torch.equal(pair[1], model.forward_features(X)[:, :1])


@every_family
@pytest.mark.parametrize("kind", ["list", "dict", "hook", "fx"])
def test_every_wrapper_gives_the_levels_asked_for(name: str, kind: str) -> None:
    model: Any = made(name, features_only=True, feature_cls=kind, out_indices=(0,))
    maps = model(X)
    assert isinstance(maps, dict) == (kind == "dict")
    (first,) = maps.values() if isinstance(maps, dict) else maps
    assert first.shape[1 if first.ndim == 4 else 2] == model.feature_info.channels()[0]
    if kind == "dict":
        assert list(maps) == ["0"]


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@every_family
def test_fx_traces_what_runs(name: str) -> None:
    model = made(name)
    levels = {info["module"]: str(n) for n, info in enumerate(model.feature_info)}
    with torch.no_grad():
        expected = model.forward_intermediates(X, intermediates_only=True)
        assert torch.equal(torch.fx.symbolic_trace(model)(X), model(X))
        taken = create_feature_extractor(model, levels)(X)
    for one, other in zip(taken.values(), expected, strict=True):
        assert one.ndim == 3 or torch.equal(one, other)
    pickle.loads(pickle.dumps(model))
    with pytest.raises(InputError, match=r"TorchScript.*use torch\.export"):
        torch.jit.script(model)


def expected_pool(x: Tensor, word: str, prefix: int) -> Tensor:
    rows = x.flatten(2) if x.ndim == 4 else x[:, prefix:].mT
    mean, most = rows.mean(2), rows.amax(2)
    return {"avg": mean, "max": most, "avgmax": (mean + most) / 2}[word]


@pytest.mark.parametrize("name", ["regnetx_002", "deit_s"])
@pytest.mark.parametrize("word", ["avg", "max", "avgmax", "fast", "fastmax"])
def test_other_poolings(name: str, word: str) -> None:
    model = made(name, num_classes=4, global_pool=word)
    with torch.no_grad():
        last = model.forward_features(X)
        plain = word.removeprefix("fast") or "avg"
        before = expected_pool(last, plain, model.num_prefix_tokens)
        torch.testing.assert_close(model.forward_head(last, pre_logits=True), before)
        torch.testing.assert_close(model(X), model.get_classifier()(before))


def test_a_pooling_that_doubles_the_channels() -> None:
    model = made("regnetx_002", num_classes=4, global_pool="catavgmax")
    assert model(X).shape == (2, 4)
    assert model.head_hidden_size == 2 * model.num_features
    model.reset_classifier(3, "avg")
    assert model.get_classifier().in_features == model.num_features
    with pytest.raises(InputError, match="no pooling 'catavgmax'; valid: '', avg, max, avgmax"):
        made("convnextv2_atto", global_pool="catavgmax")  # a norm stands behind the pooling
    for word in ("token", "fasttoken", "map"):
        with pytest.raises(InputError, match=f"no pooling '{word}'"):
            made("regnetx_002", global_pool=word)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize(
    "name", ["convnextv2_atto", pytest.param("regnetx_002", marks=pytest.mark.slow)]
)
def test_output_strides_are_timms(name: str, tmp_path: Path) -> None:
    theirs = timm.create_model(name, output_stride=16).eval()
    stir(theirs)
    save_file(theirs.state_dict(), tmp_path / "w.safetensors")
    ours: Any = timm_models.create(f"ds_{name}", output_stride=16).eval()
    load_weights(ours, tmp_path / "w.safetensors")
    with torch.no_grad():
        expected = cast("Any", theirs).forward_features(X)
        found = ours.forward_features(X)
    assert found.shape[2:] == (4, 4)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert max(info["reduction"] for info in ours.feature_info) == 16


def test_output_strides_that_cannot_be() -> None:
    with pytest.raises(InputError, match=r"output_stride: GatherPatches in stages\.3"):
        made("swin_t", output_stride=16)
    with pytest.raises(InputError, match="no output stride 12; valid: 8, 16, 32"):
        made("convnextv2_atto", output_stride=12)
    with pytest.raises(InputError, match="output_stride: the first map is already reduced by 16"):
        made("deit_s", output_stride=8)


def test_sizes_of_images_change(tmp_path: Path) -> None:
    model = made("deit_s", num_classes=5)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    given = {"file": str(tmp_path / "w.safetensors"), "num_classes": 5}
    larger = made(
        "deit_s", num_classes=5, img_size=96, pretrained=True, pretrained_cfg_overlay=given
    )
    x = torch.randn(1, 3, 96, 64)
    with torch.no_grad():
        expected = model(x)
        model.set_input_size((96, 64))
        assert model.stem.positions.table.shape[1] == 6 * 4 + 1
        torch.testing.assert_close(model(x), expected)
    assert larger.stem.positions.table.shape[1] == 6 * 6 + 1
    oblong = made("deit_s", img_size=(96, 64))
    assert oblong.stem.positions.grid == (6, 4)
    assert made("swin_t", img_size=(96, 64))(x).shape == (1, 1000)
    with pytest.raises(InputError, match="patches are part of the network"):
        model.set_input_size(patch_size=8)
    for wrong in ((64, 64, 64), 0, "64", (64, -1)):
        with pytest.raises(InputError, match="img_size: expected a side"):
            made("convnextv2_atto", img_size=wrong)
    with pytest.raises(InputError, match="in_chans: expected at least 1 channel, got 0"):
        made("convnextv2_atto", in_chans=0)


def test_positions_of_a_checkpoint_are_interpolated() -> None:
    model = made("deit_s")
    fitted = fit_tables(dict(model.state_dict()), made("deit_s", img_size=96))
    model.set_input_size(96)
    for name, value in model.state_dict().items():
        assert torch.equal(fitted[name], value), name


def test_an_export_takes_any_size() -> None:
    model = made("deit_s")
    height, width = Dim("height", min=2, max=16), Dim("width", min=2, max=16)
    shapes = ({0: Dim("batch", max=64), 2: 32 * height, 3: 32 * width},)
    program = torch.export.export(model, (torch.randn(2, 3, 64, 96),), dynamic_shapes=shapes)
    run = program.module()
    for size in ((64, 64), (96, 64), (128, 160)):
        x = torch.randn(3, 3, *size)
        torch.testing.assert_close(run(x), model(x), rtol=1e-4, atol=1e-4)


def test_where_and_how_parameters_are_made() -> None:
    model = made("convnextv2_atto", device="meta", dtype=torch.bfloat16)
    kinds = {(value.device.type, value.dtype) for value in model.parameters()}
    assert kinds == {("meta", torch.bfloat16)}
    one, half = (
        made("regnetx_002", num_classes=3, head_init_scale=scale).get_classifier()
        for scale in (1.0, 0.5)
    )
    assert torch.equal(one.weight / 2, half.weight)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("swin_t", "swin_tiny_patch4_window7_224"),
        ("deit_s", "deit_small_patch16_224"),
        ("convnext_t", "convnext_tiny"),
        ("resnet50", "resnet50"),
    ],
)
def test_layer_decay_groups_are_timms(ours: str, theirs: str) -> None:
    with torch.device("meta"):
        models: list[Any] = [timm_models.create(f"ds_{ours}"), timm.create_model(theirs)]
    found: list[Any] = []
    for model in models:
        spared = model.no_weight_decay() if hasattr(model, "no_weight_decay") else ()
        groups = param_groups_layer_decay(model, 0.05, no_weight_decay_list=spared, layer_decay=0.7)
        rows = ((g["lr_scale"], g["weight_decay"], size_of(g["params"])) for g in groups)
        found.append(sorted(rows))
    assert found[0] == found[1]


def size_of(parameters: list[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def test_wrapping_policies_can_name_blocks() -> None:
    model = made("swin_t")
    count = sum(isinstance(module, BlockModule) for module in model.modules())
    assert count == sum(model.spec.depths)
    assert sum(isinstance(m, StageModule) for m in model.modules()) == len(model.spec.depths)
    assert isinstance(model.stem, StemModule)
    assert model._no_split_modules == ("BlockModule",)


def test_default_settings_are_timms() -> None:
    expected = {"swin_t": 0.9, "deit_s": 0.9, "poolformer_s12": 0.9, "poolformer_m48": 0.95}
    for name, crop in (expected | {"convnext_t": 0.875, "swin_b_384": 1.0}).items():
        cfg: Any = timm.get_pretrained_cfg(f"ds_{name}")
        assert cfg.crop_pct == crop, name
    cfgs: list[Any] = [
        timm.get_pretrained_cfg(f"ds_{name}") for name in ("convnext_t", "resnet_proxy")
    ]
    assert [cfg.pool_size for cfg in cfgs] == [(7, 7), (4, 4)]


def test_a_pruned_network_refuses_what_is_gone() -> None:
    model = made("regnetx_002")
    assert model.prune_intermediate_layers([0, 2]) == [0, 2]
    assert len(model.forward_intermediates(X, intermediates_only=True)) == 3
    with pytest.raises(InputError, match=r"no stages"):
        model.forward_intermediates(X, [4])
    with pytest.raises(InputError, match="the head was pruned"):
        model.reset_classifier(3, "avg")
