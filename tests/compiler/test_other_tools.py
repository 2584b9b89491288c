"""Tools that know only torch's own modules and NCHW maps are right about our networks."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest
import torch
from timm.utils.model import freeze, unfreeze
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

import designspace
from designspace.compiler import with_plain_layers
from designspace.compiler.modules import TokenBatchNorm
from tests.helpers.small import SIDE, every_family, small, stir


def built(name: str, changes: dict[str, Any] | None = None, side: int = SIDE) -> nn.Module:
    torch.manual_seed(0)
    spec = designspace.load(small(name), changes) if changes else small(name)
    model = designspace.build(spec, num_classes=5, input_size=side).eval()
    stir(model)
    return model


def alike(model: nn.Module, other: nn.Module, side: int) -> None:
    x = torch.randn(2, 3, side, side)
    with torch.no_grad():
        torch.testing.assert_close(other(x), model(x))


# a stem of 64 channels on a map of side 64, where a wrong axis has the right size
SAME_SIZE = 128


@pytest.mark.parametrize("name", ["resnet50", "regnetx_002"])
def test_batch_norms_are_frozen_converted_and_thawed(name: str) -> None:
    model = built(name, side=SAME_SIZE)
    frozen = copy.deepcopy(model)
    freeze(frozen, ["stem"])
    alike(model, frozen, SAME_SIZE)
    unfreeze(frozen, ["stem"])
    frozen.eval()  # what timm puts in is in training
    alike(model, frozen, SAME_SIZE)
    assert type(frozen.get_submodule("stem.norm")) is nn.BatchNorm2d
    synchronised = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(model))
    kinds = [type(m) for m in synchronised.modules()]
    assert nn.SyncBatchNorm in kinds
    assert nn.BatchNorm2d not in kinds
    alike(model, synchronised, SAME_SIZE)


def test_torchvisions_frozen_batch_norm_takes_a_norms_place() -> None:
    model = built("resnet50", side=SAME_SIZE)
    other = copy.deepcopy(model)
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(module.num_features, eps=module.eps)
            frozen.load_state_dict(module.state_dict())
            other.set_submodule(name, frozen)
    alike(model, other, SAME_SIZE)


def test_a_batch_norm_of_tokens_is_converted_rightly() -> None:
    """Also where there are as many tokens as channels."""
    norm = TokenBatchNorm(8, 1e-5).eval()
    stir(norm)
    x = torch.randn(3, 8, 8)
    expected = norm(x)
    torch.testing.assert_close(
        expected,
        nn.functional.batch_norm(
            x.transpose(1, 2), norm.rows.running_mean, norm.rows.running_var,
            norm.rows.weight, norm.rows.bias, eps=1e-5,
        ).transpose(1, 2),
    )  # fmt: skip
    torch.testing.assert_close(nn.SyncBatchNorm.convert_sync_batchnorm(norm)(x), expected)


@every_family
def test_hooks_see_channels_in_front(name: str) -> None:
    """Grad-CAM weighs a stage's channels, axis 1, by their mean gradients."""
    spec = small(name)
    model = built(name)
    seen: dict[str, Tensor] = {}

    def keep(_m: nn.Module, _x: Any, y: Tensor) -> None:
        y.retain_grad()
        seen["map"] = y

    stage = model.get_submodule(f"stages.{len(spec.depths) - 1}")
    stage.register_forward_hook(keep)
    model(torch.randn(2, 3, SIDE, SIDE))[:, 1].sum().backward()
    assert seen["map"].grad is not None
    assert seen["map"].grad.shape == seen["map"].shape
    info = designspace.build(spec, features_only=True, input_size=SIDE).feature_info
    if seen["map"].ndim == 4:
        side = SIDE // info.reduction()[-1]
        assert seen["map"].shape == (2, info.channels()[-1], side, side)


@every_family
def test_every_map_between_modules_has_channels_in_front_and_last_in_memory(name: str) -> None:
    model = built(name)
    wrong: list[str] = []

    def look(module: str) -> Any:
        def hook(_m: nn.Module, inputs: tuple[Tensor, ...], y: Tensor) -> None:
            for x in (*inputs, y):
                if x.ndim == 4 and x.stride(1) != 1:  # a cropped map has gaps between its rows
                    wrong.append(f"{module} {tuple(x.shape)} {x.stride()}")

        return hook

    for module_name, module in model.get_submodule("stages").named_modules():
        module.register_forward_hook(look(module_name))
    with torch.no_grad():
        model(torch.randn(2, 3, SIDE, SIDE))
    assert not wrong, wrong[:5]


def test_grey_images_are_channels_last_too() -> None:
    """A single channel has ambiguous strides, by which torch would choose the other layout."""
    model = designspace.build("resnet50", in_channels=1, input_size=64).eval()
    seen: list[Any] = []
    model.get_submodule("stem.conv").register_forward_hook(lambda _m, _x, y: seen.append(y))
    with torch.no_grad():
        model(torch.randn(2, 1, 64, 64))
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


@every_family
def test_built_on_meta_it_takes_weights_by_assignment(name: str) -> None:
    """Nothing that the network needs stands outside its state dict."""
    model = built(name)
    with torch.device("meta"):
        empty = designspace.build(small(name), num_classes=5, input_size=SIDE).eval()
    assigned = copy.deepcopy(empty)
    assigned.load_state_dict(model.state_dict(), assign=True)
    filled = empty.to_empty(device="cpu")
    filled.load_state_dict(model.state_dict())
    x = torch.randn(2, 3, SIDE, SIDE)
    with torch.no_grad():
        assert torch.equal(assigned(x), model(x))
        assert torch.equal(filled(x), model(x))


def test_plain_layers_are_torchs_own() -> None:
    """Counters and quantisers look the exact class up."""
    model = built("resnet50")
    assert type(model.get_submodule("stem.conv")) is nn.Conv2d
    assert type(model.get_submodule("stem.norm")) is nn.BatchNorm2d
    assert type(model.get_submodule("stem.pool")) is nn.MaxPool2d
    assert type(model.get_submodule("head.classifier")) is nn.Linear


def test_a_channel_that_is_silent_has_a_gradient() -> None:
    """Where a channel is zero everywhere, the root of its sum of squares had none."""
    block = {"kind": "conv", "response": "grn"}
    model = designspace.build(designspace.load("convnext_proxy", {"block": block}), in_channels=1)
    response: Any = model.get_submodule("stages.0.blocks.0.branch.response")
    nn.init.ones_(response.weight)
    x = torch.randn(2, 128, 4, 4)
    x[:, 3] = 0
    x.requires_grad_()
    response(x).square().sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


@every_family
def test_every_module_that_holds_parameters_can_reset_them(name: str) -> None:
    """FSDP and torch's own recipes fill a network that was built on meta in this way."""
    with torch.device("meta"):
        model = designspace.build(small(name), num_classes=5, input_size=SIDE)
    model = model.to_empty(device="cpu")
    with torch.no_grad():
        for value in (*model.parameters(), *model.buffers()):
            value.fill_(float("nan") if value.is_floating_point() else 1)
    for module in model.modules():
        if any(True for _ in module.parameters(recurse=False)):
            cast("Any", module).reset_parameters()
    assert all(value.isfinite().all() for value in (*model.parameters(), *model.buffers()))


# torch's own attention, and the gradient of a sliding slice, are mapped one by one
@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("name", ["convnextv2_atto", "swin_t", "deit_s"])
def test_gradients_per_sample_are_those_of_each_sample(name: str) -> None:
    model = built(name).train()
    weights = {key: value.detach() for key, value in model.named_parameters()}
    x, y = torch.randn(2, 3, SIDE, SIDE), torch.tensor([1, 3])

    def loss(weights: dict[str, Tensor], image: Tensor, label: Tensor) -> Tensor:
        logits: Any = torch.func.functional_call(model, weights, (image[None],))
        return nn.functional.cross_entropy(logits, label[None])

    each: Any = torch.vmap(torch.func.grad(loss), (None, 0, 0))(weights, x, y)
    for index in range(2):
        model.zero_grad()
        nn.functional.cross_entropy(model(x[[index]]), y[[index]]).backward()
        for key, value in model.named_parameters():
            torch.testing.assert_close(each[key][index], value.grad, rtol=1e-3, atol=1e-4)


@every_family
def test_a_copy_of_plain_layers_computes_the_same(name: str) -> None:
    model = built(name)
    plain = with_plain_layers(model)
    alike(model, plain, SIDE)
    layers = (nn.Conv2d, nn.Linear)
    kinds = {type(module) for module in plain.modules() if isinstance(module, layers)}
    assert kinds <= set(layers)
    assert plain.state_dict().keys() == model.state_dict().keys()
    assert plain.training == model.training
    assert all(value.requires_grad for value in plain.parameters())
