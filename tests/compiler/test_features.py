"""The stages' maps: what they are, what is said of them, what takes them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.ops import FrozenBatchNorm2d, MultiScaleRoIAlign

import designspace
from designspace.compiler import Features
from designspace.compiler.feature_info import stage_info
from designspace.errors import InputError
from designspace.weights import load_weights, save_weights
from tests.helpers.small import SIDE, every_family, families, small, stir


def maps_of(name: str, **more: Any) -> Features:
    return designspace.build(small(name), input_size=SIDE, features_only=True, **more).eval()


@every_family
def test_maps_are_the_classifiers_own_at_any_size(name: str) -> None:
    spec = small(name)
    classifier = designspace.build(spec, num_classes=4, input_size=SIDE).eval()
    stir(classifier)
    features = maps_of(name)
    features.load_state_dict(classifier.state_dict(), strict=False)
    seen: list[torch.Tensor] = []
    for stage in classifier.get_submodule("stages").children():
        stage.register_forward_hook(lambda _m, _x, y: seen.append(cast("torch.Tensor", y)))
    info = features.feature_info
    for size in ((SIDE, SIDE), (SIDE, 3 * SIDE // 2)):
        seen.clear()
        with torch.no_grad():
            x = torch.randn(2, 3, *size)
            maps = features(x)
            classifier(x)
        for each, own, channels, reduction in zip(
            maps, seen, info.channels(), info.reduction(), strict=True
        ):
            assert each.shape == (2, channels, *(side // reduction for side in size))
            if own.ndim == 4:
                assert torch.equal(each, own)
            else:
                tokens = each.flatten(2).mT
                assert torch.equal(tokens, own[:, -tokens.shape[1] :])
    assert info.module_name() == [f"stages.{i}" for i in range(len(spec.depths))]


def test_what_is_said_of_known_networks() -> None:
    expected = {"resnet50": [256, 512, 1024, 2048], "convnext_t": [96, 192, 384, 768]}
    for name, channels in expected.items():
        with torch.device("meta"):
            info = designspace.build(name, features_only=True).feature_info
        assert info.channels() == channels
        assert info.reduction() == [4, 8, 16, 32]
    # 28 pixels are no multiple of the stride
    assert [each.reduction for each in stage_info(designspace.load("convnext_proxy"))] == [2, 4, 8]


def test_later_stages_are_not_built_and_the_head_is_left_out(tmp_path: Path) -> None:
    spec = small("convnext_proxy")
    classifier = designspace.build(spec, num_classes=4).eval()
    stir(classifier)
    save_weights(classifier, spec, tmp_path / "w.safetensors")
    features = designspace.build(spec, features_only=True, out_indices=(-2, 0)).eval()
    load_weights(features, tmp_path / "w.safetensors")
    assert features.out_indices == (0, 1)
    assert features.feature_info.channels() == [32, 64]
    own = classifier.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in features.state_dict().items())
    assert not any(name.startswith(("head", "stages.2")) for name in features.state_dict())
    x = torch.randn(1, 3, 28, 28)
    whole = designspace.build(spec, features_only=True).eval()
    load_weights(whole, tmp_path / "w.safetensors")
    for one, other in zip(features(x), whole(x)[:2], strict=True):
        assert torch.equal(one, other)


def test_a_stage_that_is_missing_from_the_weights_is_still_a_mistake(tmp_path: Path) -> None:
    spec = small("convnext_proxy")
    short = designspace.build(spec, features_only=True, out_indices=[0])
    save_weights(short, spec, tmp_path / "w.safetensors")
    with pytest.raises(InputError, match=r"stages\.1\..* is missing"):
        load_weights(designspace.build(spec, features_only=True), tmp_path / "w.safetensors")


@pytest.mark.parametrize("asked", [[3], [-4], []])
def test_no_such_stage(asked: list[int]) -> None:
    with pytest.raises(InputError, match="out_indices: no stages"):
        designspace.build("convnext_proxy", features_only=True, out_indices=asked)


def test_maps_compile_and_copy() -> None:
    features = designspace.build("convnext_proxy", features_only=True).eval()
    x = torch.randn(1, 3, 28, 28)
    compiled: Any = torch.compile(features, fullgraph=True, backend="aot_eager")
    for twin in (compiled, copy.deepcopy(features)):
        for one, other in zip(twin(x), features(x), strict=True):
            torch.testing.assert_close(one, other)


def is_hierarchical(name: str) -> bool:
    reductions = [each.reduction for each in stage_info(small(name), SIDE)]
    return len(set(reductions)) > 1


hierarchical = pytest.mark.parametrize("name", [*filter(is_hierarchical, families())])


@hierarchical
def test_pyramids_of_torchvision(name: str) -> None:
    features = maps_of(name, out_indices=(1, 2, 3))
    line, returned = designspace.torchvision_backbone(features)
    pyramid = BackboneWithFPN(line, returned, features.feature_info.channels(), 16).eval()
    x = torch.randn(1, 3, SIDE, 2 * SIDE)
    maps = pyramid(x)
    assert list(maps) == ["0", "1", "2", "pool"]
    assert [tuple(each.shape[1:]) for each in maps.values()][:2] == [(16, 8, 16), (16, 4, 8)]
    for one, other in zip(pyramid.body(x).values(), features(x), strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow
@hierarchical
def test_a_detector_trains_a_step_and_detects(name: str) -> None:
    features = maps_of(name)
    for path, module in list(features.named_modules()):
        if isinstance(module, nn.BatchNorm2d):  # as torchvision builds its own backbones
            frozen = FrozenBatchNorm2d(module.num_features, module.eps)
            frozen.load_state_dict(module.state_dict())
            features.set_submodule(path, frozen)
    line, returned = designspace.torchvision_backbone(features)
    pyramid = BackboneWithFPN(line, returned, features.feature_info.channels(), 32)
    anchors = AnchorGenerator(tuple((side,) for side in (8, 16, 32, 64, 128)), ((1.0,),) * 5)
    pooling = MultiScaleRoIAlign(list(returned.values()), 7, 2)
    detector = FasterRCNN(
        pyramid,
        3,
        min_size=SIDE,
        max_size=2 * SIDE,
        rpn_anchor_generator=anchors,
        box_roi_pool=pooling,
    )
    images = [torch.rand(3, SIDE, SIDE), torch.rand(3, SIDE, 80)]
    truth = {"boxes": torch.tensor([[5.0, 5.0, 40.0, 40.0]]), "labels": torch.tensor([1])}
    losses = detector.train()(images, [truth, truth])
    torch.stack(list(losses.values())).sum().backward()
    assert all(parameter.grad is not None for parameter in features.stem.parameters())
    found = detector.eval()(images)
    assert [set(each) for each in found] == [{"boxes", "labels", "scores"}] * 2
