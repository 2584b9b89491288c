"""The catalog through timm's own door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from timm.data.config import resolve_model_data_config
from timm.optim._optim_factory import create_optimizer_v2

import designspace
from designspace import timm_models
from designspace.errors import InputError
from designspace.spec.documents import catalog
from designspace.weights import save_weights
from tests.helpers.small import SIDE, every_family, few_blocks, small, stir

X = torch.randn(2, 3, SIDE, SIDE)


def made(name: str, **more: Any) -> Any:
    model = timm.create_model(f"ds_{name}", changes=few_blocks(name), img_size=SIDE, **more)
    return model.eval()


def test_the_catalog_decides_what_exists() -> None:
    ours = {f"ds_{name}" for name in catalog.names("specs")}
    assert set(timm.list_models("ds_*")) == set(timm.list_models(module="timm_models")) == ours
    assert set(timm_models.__all__) == ours
    cfg: Any = timm.get_pretrained_cfg("ds_convnext_proxy")
    assert (cfg.input_size, cfg.first_conv) == ((3, 28, 28), "stem.conv")
    assert not timm.is_model_pretrained("ds_convnext_t")


@every_family
def test_a_model_is_the_network(name: str) -> None:
    model = made(name, num_classes=5)
    own = designspace.build(small(name), num_classes=5, input_size=SIDE).eval()
    stir(own)
    model.load_state_dict(own.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(model(X), own(X), rtol=0, atol=0)
        last = model.forward_features(X)
        before = model.forward_head(last, pre_logits=True)
        assert torch.equal(model.get_classifier()(before), own(X))
    assert last.shape[1 if last.ndim == 4 else 2] == model.num_features
    assert before.shape == (2, model.head_hidden_size)
    assert (model.num_classes, model.in_chans) == (5, 3)
    assert model.pretrained_cfg["architecture"] == f"ds_{name}"


@every_family
def test_the_classifier_is_replaced(name: str) -> None:
    model = made(name, num_classes=0)
    hidden = model.head_hidden_size
    assert model(X).shape == (2, hidden)
    model.reset_classifier(7)
    assert model(X).shape == (2, 7)
    model.reset_classifier(0, "")
    assert torch.equal(model(X), model.forward_features(X))
    with pytest.raises(InputError, match="pooled features"):
        model.reset_classifier(3)
    model.reset_classifier(3, "avg")
    assert (model(X).shape, model.num_classes) == ((2, 3), 3)
    with pytest.raises(InputError, match=r"no pooling 'mean'.*valid: '', "):
        model.reset_classifier(3, "mean")


@every_family
def test_features_only_is_ours(name: str) -> None:
    through_timm = made(name, features_only=True)
    ours = designspace.build(small(name), input_size=SIDE, features_only=True).eval()
    ours.load_state_dict(through_timm.model.state_dict())
    theirs = through_timm(X)[-len(ours.out_indices) :]  # timm's ResNets have a level in the stem
    for one, other in zip(theirs, ours(X), strict=True):
        assert torch.equal(one, other)
    count = len(ours.out_indices)
    info = through_timm.feature_info
    assert info.channels()[-count:] == ours.feature_info.channels()
    assert info.reduction()[-count:] == ours.feature_info.reduction()
    first = made(name, features_only=True, out_indices=(0,))
    assert first.feature_info.channels() == info.channels()[:1]
    assert len(first(X)) == 1


def test_weights_in_our_layout_load_and_adapt(tmp_path: Path) -> None:
    spec = designspace.load("convnext_proxy")
    own = designspace.build(spec, num_classes=1000).eval()
    path = tmp_path / "w.safetensors"
    save_weights(own, spec, path)
    there = {"file": str(path), "num_classes": 1000}
    name = "ds_convnext_proxy"
    load: dict[str, Any] = {"pretrained": True, "pretrained_cfg_overlay": there}
    x = torch.randn(1, 3, 28, 28)
    assert torch.equal(timm.create_model(name, **load).eval()(x), own(x))
    other = timm.create_model(name, num_classes=4, in_chans=1, **load)
    assert other(x[:, :1]).shape == (1, 4)
    stages = {k: v for k, v in own.state_dict().items() if k.startswith("stages")}
    assert all(torch.equal(other.state_dict()[k], v) for k, v in stages.items())
    assert torch.equal(timm.create_model(name, checkpoint_path=str(path)).eval()(x), own(x))
    with pytest.raises(RuntimeError, match="No pretrained weights exist"):
        timm.create_model(name, pretrained=True)


def test_what_timms_training_script_asks_for() -> None:
    words: dict[str, Any] = {
        "num_classes": 4,
        "drop_rate": 0.1,
        "drop_path_rate": 0.2,
        "global_pool": "avg",
    }
    model: Any = timm.create_model("ds_convnext_proxy", **words)
    assert resolve_model_data_config(model)["input_size"] == (3, 28, 28)
    model.set_grad_checkpointing()
    groups = create_optimizer_v2(model, opt="adamw", lr=1e-3, layer_decay=0.8).param_groups
    assert len({group["lr_scale"] for group in groups}) == len(model.spec.depths) + 1 + 2
    model(torch.randn(2, 3, 28, 28)).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    with pytest.raises(TypeError, match="unexpected keyword"):
        timm.create_model("ds_convnext_proxy", nonsense=1)


@every_family
def test_fx_extracts_the_same_maps(name: str) -> None:
    graph = made(name, features_only=True, feature_cls="fx")
    getter = made(name, features_only=True)
    stir(getter)
    graph.load_state_dict({"graph_module." + k.removeprefix("model."): v
                           for k, v in getter.state_dict().items()}, strict=False)  # fmt: skip
    with torch.no_grad():
        for one, other in zip(graph(X), getter(X), strict=True):
            if one.ndim == 4:
                assert torch.equal(one, other)


def test_features_take_timms_options() -> None:
    words: dict[str, Any] = {"features_only": True, "feature_cfg": {"out_indices": (1, 2)}}
    features: Any = timm.create_model("ds_convnext_proxy", **words)
    assert features.feature_info.channels() == [64, 128]
    cfg: Any = timm.get_pretrained_cfg("ds_convnext_t")
    assert cfg.pool_size == (7, 7)


def test_device_and_precision_are_timms_words() -> None:
    model: Any = timm.create_model("ds_convnext_proxy", dtype=torch.bfloat16, device="cpu")
    assert {value.dtype for value in model.parameters()} == {torch.bfloat16}
    assert model(torch.randn(1, 3, 28, 28).bfloat16()).dtype == torch.bfloat16
