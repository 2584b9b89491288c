"""Other people's tools on our networks: what was wrong in silence."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, cast

import pytest
import timm
import torch
from timm.layers.norm_act import convert_sync_batchnorm
from timm.layers.split_batchnorm import convert_splitbn_model
from timm.utils.model import freeze, unfreeze
from torch import Tensor, nn
from torchvision.ops.misc import FrozenBatchNorm2d

import designspace
from designspace import timm_models
from designspace.costing import cost
from designspace.library_warnings import silenced
from tests.helpers.small import SIDE, every_family, few_blocks, small, stir

X = torch.randn(2, 3, SIDE, SIDE)


def made(name: str, **more: Any) -> Any:
    """A small network through timm, with scales and statistics that hide nothing."""
    torch.manual_seed(0)
    model = timm_models.create(f"ds_{name}", changes=few_blocks(name), img_size=SIDE, **more)
    if "features_only" not in more:
        stir(model)
    return model.eval()


def frozen(model: nn.Module) -> nn.Module:
    """torchvision's way, as its detectors do it."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            still = FrozenBatchNorm2d(module.num_features, module.eps)
            still.load_state_dict(module.state_dict())
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, still)
    return model


def timm_frozen(model: nn.Module) -> nn.Module:
    freeze(model)
    return model


def thawed(model: nn.Module) -> nn.Module:
    freeze(model)
    unfreeze(model)
    return model


def split(model: nn.Module) -> nn.Module:
    return convert_splitbn_model(model, 2)


CONVERSIONS = (
    nn.SyncBatchNorm.convert_sync_batchnorm,
    convert_sync_batchnorm,
    split,
    frozen,
    timm_frozen,
    thawed,
)


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_other_batch_norms_take_our_place(convert: Callable[[nn.Module], nn.Module]) -> None:
    # of 64 pixels the stem makes 32 rows of 32 channels: swapped axes would raise nothing
    model = made("regnetx_002")
    with torch.no_grad():
        before = model(X)
        torch.testing.assert_close(convert(model).eval()(X), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["swin_t", "deit_s", "convnextv2_atto"])
def test_a_network_from_meta_needs_only_its_state_dict(name: str) -> None:
    model = made(name, num_classes=5)
    for load in ("assign", "to_empty"):
        with torch.device("meta"):
            twin: Any = designspace.build(small(name), num_classes=5, input_size=SIDE).eval()
        if load == "to_empty":
            twin = twin.to_empty(device="cpu")
            for buffer in twin.buffers():  # memory holds anything
                buffer.fill_(7)
        twin.load_state_dict(model.state_dict(), assign=load == "assign")
        with torch.no_grad():
            assert torch.equal(twin(X), model(X)), load


@every_family
def test_every_module_can_draw_its_parameters_again(name: str) -> None:
    with torch.device("meta"):
        model = designspace.build(small(name), num_classes=5, input_size=SIDE)
    model.to_empty(device="cpu")
    for module in model.modules():
        if [*module.parameters(recurse=False)]:
            cast("Any", module).reset_parameters()
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


def shape_counted(model: nn.Module, x: Tensor) -> int:
    """Multiply-adds of convolutions and linear layers by torchinfo's rule.

    It multiplies the weights with all sizes behind the channels, which it takes to be at axis 1 of
    whatever is called a convolution.
    """
    total = 0

    def count(module: nn.Module, _: Any, y: Tensor) -> None:
        nonlocal total
        weight = cast("Tensor", module.weight)
        at_one = "Conv" in type(module).__name__
        positions = y.shape[2:] if at_one else y.shape[1:-1]
        total += weight.numel() * y.shape[0] * positions.numel()

    kinds = (nn.Conv2d, nn.Linear)
    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, kinds)]
    model(x)
    for hook in hooks:
        hook.remove()
    return total


@pytest.mark.parametrize("name", ["regnetx_002", "convnextv2_atto"])
def test_counters_of_others_agree(name: str) -> None:
    spec, x = small(name), torch.randn(1, 3, SIDE, SIDE)
    model = designspace.build(spec, input_size=SIDE).eval()
    macs = cost(spec, input_size=SIDE).macs
    with silenced():  # fvcore scripts a loss as it is imported
        from fvcore.nn import FlopCountAnalysis
    with torch.no_grad():
        assert shape_counted(model, x) == macs
        counted = FlopCountAnalysis(model, x).unsupported_ops_warnings(False)
        by_operator = counted.uncalled_modules_warnings(False).by_operator()
    assert by_operator["conv"] + by_operator["linear"] == macs


@every_family
def test_hooks_see_channels_where_the_levels_say(name: str) -> None:
    model = made(name)
    seen: dict[str, Tensor] = {}
    for info in model.feature_info:
        at = cast("str", info["module"])
        model.get_submodule(at).register_forward_hook(lambda _m, _x, y, at=at: seen.update({at: y}))
    heads: list[Tensor] = []
    model.head.register_forward_hook(lambda _m, _x, y: heads.append(y))
    with torch.no_grad():
        model(X)
        hooked = made(name, features_only=True, feature_cls="hook")(X)
    assert len(heads) == 1
    for info in model.feature_info:
        y = seen[info["module"]]
        assert y.shape[1 if y.ndim == 4 else 2] == info["num_chs"]
        if y.ndim == 4:
            assert y.shape[2] == SIDE // info["reduction"]
    assert [y.shape for y in hooked] == [y.shape for y in seen.values()][-len(hooked) :]


def test_grad_cam_finds_the_right_map() -> None:
    # behind a mean and a linear layer, the map of a class is known in closed form
    model = made("regnetx_002")
    taken: list[Tensor] = []
    model.stages[-1].register_forward_hook(lambda _m, _x, y: taken.append(y))
    logits = model(X[:1])
    (features,) = taken
    (grad,) = torch.autograd.grad(logits[0, 3], features)
    cam = (grad.mean((2, 3), keepdim=True) * features).sum(1)
    weight = model.get_classifier().weight[3]
    expected = torch.einsum("c,bchw->bhw", weight, features) / features.shape[2:].numel()
    torch.testing.assert_close(cam, expected, rtol=1e-4, atol=1e-6)


@every_family
def test_a_features_only_network_loads_a_classifiers_weights(name: str) -> None:
    model = made(name)
    maps = made(name, features_only=True)
    keys = maps.load_state_dict(model.state_dict(), strict=False)
    assert not keys.missing_keys
    with torch.no_grad():
        expected = model.forward_intermediates(X, maps.out_indices, intermediates_only=True)
        for one, other in zip(maps(X), expected, strict=True):
            assert torch.equal(one, other)
    twin = copy.deepcopy(maps)
    twin.load_state_dict(maps.state_dict())
    with pytest.raises(RuntimeError, match=r"Missing key.*stem\.conv"):
        twin.load_state_dict({})


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("resnet50", "resnet50"),
        ("resnext50_32x4d", "resnext50_32x4d"),
        ("regnetx_002", "regnetx_002"),
        ("convnext_t", "convnext_tiny"),
        ("convnextv2_atto", "convnextv2_atto"),
        ("swin_t", "swin_tiny_patch4_window7_224"),
        ("deit_s", "deit_small_patch16_224"),
        ("poolformer_s12", "poolformer_s12"),
    ],
)
def test_levels_are_timms(ours: str, theirs: str) -> None:
    with torch.device("meta"):
        one: Any = timm.create_model(f"ds_{ours}", features_only=True)
        other: Any = timm.create_model(theirs, features_only=True)
    assert one.feature_info.channels() == other.feature_info.channels()
    assert one.feature_info.reduction() == other.feature_info.reduction()
