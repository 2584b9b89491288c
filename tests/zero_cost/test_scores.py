"""Zero-cost scores: each by another way of computing it, and what holds of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

import designspace
from designspace.costing import cost
from designspace.errors import InputError
from designspace.spec import Network, load
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.run import Run
from designspace.zero_cost import Settings, score
from designspace.zero_cost.measures.naswot import agreement
from designspace.zero_cost.measures.zen import Cut, body, scale_rule
from designspace.zero_cost.registry import SCORERS, Undefined, chosen
from designspace.zero_cost.score import Task, task_data
from designspace.zero_cost.subject import Subject
from tests.helpers.small import SIDE, every_family, small

TINY = {"depths": [1, 1], "widths": [8, 16], "stem.patch_size": 4}
BATCH = {"norm": {"kind": "batchnorm"}}
DRAWN = ("grad_norm", "naswot", "snip", "synflow", "zen")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def tiny(changes: dict[str, Any] | None = None) -> Network:
    return load("convnext_proxy", TINY | (changes or {}))


def subject(changes: dict[str, Any] | None = None, seed: int = 0) -> Subject:
    how, network = Settings(batch_size=8), tiny(changes)
    return Task(task_data(None, network, how), how, seed).subject(network, 0)


def value(name: str, at: Subject) -> float:
    found = SCORERS[name].of(at)
    assert not isinstance(found, Undefined), found
    return found


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Images at which every family works."""
    draw, path = np.random.default_rng(0), tmp_path_factory.mktemp("noise") / "noise.npz"
    shape = (40, SIDE, SIDE, 3)
    images, labels = draw.integers(0, 256, shape, np.uint8), np.arange(40) % 5
    np.savez(path, train_x=images, train_y=labels, test_x=images, test_y=labels)
    return str(path)


@every_family
def test_every_family_has_every_signal(name: str, noise: str) -> None:
    found = score(small(name), noise, settings=Settings(batch_size=3, repeats=1))
    assert set(found.scores) == set(SCORERS)
    for one in found.scores.values():
        assert one.reason is None
        assert one.mean is not None
        assert math.isfinite(one.mean)
        assert one.mean != 0
    table = cost(small(name), SIDE, num_classes=5)
    assert found.scores["params"].values == (table.params,)
    assert found.scores["macs"].values == (table.macs,)


@pytest.mark.parametrize("name", SCORERS)
@pytest.mark.parametrize("changes", [{}, BATCH], ids=["layernorm", "batchnorm"])
def test_a_signal_leaves_the_network_and_the_random_streams_alone(
    name: str, changes: dict[str, Any]
) -> None:
    at = subject(changes)
    at.model.eval()
    before = {key: tensor.clone() for key, tensor in at.model.state_dict().items()}
    modules, stream = list(at.model.modules()), torch.get_rng_state()
    value(name, at)
    assert list(at.model.modules()) == modules
    assert not any(module.training for module in modules)
    hooks = [module._forward_pre_hooks for module in modules]
    assert not any(hooks)
    assert all(parameter.grad is None for parameter in at.model.parameters())
    assert torch.equal(torch.get_rng_state(), stream)
    after = at.model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_the_first_repeat_is_the_network_that_training_begins_with(tmp_path: Path) -> None:
    network, how = tiny(), Settings(batch_size=8, recipe="convnext_1k")
    data = task_data(None, network, how)
    run = Run(network, how.training, data, seed=3, device="cpu", directory=tmp_path)
    ours = Task(data, how, 3).subject(network, 0).model.state_dict()
    theirs = run.model.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_the_seed_decides_and_repeats_are_the_next_seeds() -> None:
    settings = Settings(batch_size=8, repeats=2)
    once, again = (score(tiny(), seed=5, settings=settings).scores for _ in range(2))
    assert once == again
    later = score(tiny(), seed=6, settings=settings).scores
    for name in DRAWN:
        assert later[name].values[0] == once[name].values[1] != once[name].values[0]
        assert once[name].std
    assert once["params"].std is None


def test_grad_norm_is_that_of_a_backward_pass() -> None:
    at = subject(BATCH)
    functional.cross_entropy(at.model.train()(at.images), at.labels).backward()
    norms = [
        m.weight.grad.norm().item()
        for m in at.model.modules()
        if isinstance(m, nn.Conv2d | nn.Linear) and m.weight.grad is not None
    ]
    assert value("grad_norm", subject(BATCH)) == pytest.approx(sum(norms))


def test_snip_is_the_gradient_at_a_mask_of_ones() -> None:
    at = subject()
    masks = {
        f"{name}.weight": torch.ones_like(m.weight, requires_grad=True)
        for name, m in at.model.named_modules()
        if isinstance(m, nn.Conv2d | nn.Linear)
    }
    own = dict(at.model.named_parameters())
    masked = {name: own[name].detach() * mask for name, mask in masks.items()}
    loss = functional.cross_entropy(functional_call(at.model, masked, (at.images,)), at.labels)
    grads = torch.autograd.grad(loss, list(masks.values()))
    expected = sum(grad.abs().sum().item() for grad in grads)
    assert value("snip", at) == pytest.approx(expected, rel=1e-4)


def scaled(at: Subject, name: str, factor: float) -> Subject:
    with torch.no_grad():
        for parameter in at.model.get_submodule(name).parameters():
            parameter.mul_(factor)
    return at


def test_synflow_of_a_chain_by_hand() -> None:
    """One pixel, one channel, one class, without biases: every layer's flow is the logit."""
    changes = {"depths": [1], "widths": [1], "norm": {"kind": "none"}, "act": "relu"}
    at = subject({**changes, "block.norm_at": [], "block.bias": False, "block.ratio": 1})
    model = at.copy().double()
    block = "stages.0.blocks.0.branch"
    dead = [n for n, _ in model.named_parameters() if block in n or n.endswith("bias")]
    state = {n: torch.zeros_like(v) if n in dead else v.abs() for n, v in model.named_parameters()}
    ones = torch.ones_like(at.images[:1]).double()
    logits = functional_call(model, state, (ones,)).sum().item()
    with torch.no_grad():
        for name, parameter in at.model.named_parameters():
            parameter.copy_(state[name])
    # stem and head carry all of it; the branch is dead
    assert value("synflow", at) == pytest.approx(math.log(2 * logits), rel=1e-6)


def test_synflow_knows_neither_data_nor_norms_and_grows_with_the_weights() -> None:
    at = subject()
    plain = value("synflow", at)
    elsewhere = Subject(at.model, at.plan, torch.randn_like(at.images), at.labels, 1)
    assert value("synflow", elsewhere) == plain
    assert value("synflow", subject(BATCH)) == pytest.approx(plain)
    assert value("synflow", scaled(subject(), "head", 3.0)) == pytest.approx(plain + math.log(3))


def test_a_code_is_the_sign_of_each_unit() -> None:
    x = torch.tensor([[0.5, -1.0, 2.0, 0.0], [0.1, 1.0, -2.0, -3.0]])
    assert agreement(x).tolist() == [[4.0, 2.0], [2.0, 4.0]]


def test_naswot_of_two_images_by_hand() -> None:
    network = tiny({"depths": [1], "widths": [8]})
    how = Settings(batch_size=2)
    at = Task(task_data(None, network, how), how, 0).subject(network, 0)
    seen: list[Tensor] = []
    for module in at.model.modules():
        if isinstance(module, nn.GELU):
            module.register_forward_pre_hook(lambda _, x: seen.append(x[0].flatten(1) > 0))
    at.model(at.images)
    codes = torch.cat(seen, 1)
    units, apart = codes.shape[1], int((codes[0] != codes[1]).sum())
    assert 0 < apart < units
    fresh = Task(task_data(None, network, how), how, 0).subject(network, 0)
    assert value("naswot", fresh) == pytest.approx(math.log(units**2 - (units - apart) ** 2))


def test_what_is_not_defined_says_why() -> None:
    silent = score(tiny({"act": "none"}), settings=Settings(batch_size=8)).scores["naswot"]
    assert (silent.mean, silent.std, silent.values) == (None, None, ())
    assert silent.reason == "the network has no activation"
    at = subject()
    twice = Subject(at.model, at.plan, at.images[:1].expand(4, -1, -1, -1), at.labels[:4], 0)
    assert SCORERS["naswot"].of(twice) == Undefined(
        "two images of the mini-batch have the same code"
    )
    for parameter in at.model.parameters():
        parameter.data.fill_(math.inf)
    for name in ("grad_norm", "snip", "synflow"):
        found = SCORERS[name].of(at)
        assert isinstance(found, Undefined)
        assert "overflow" in found.reason


def test_zen_takes_the_variance_that_each_norm_divides_by() -> None:
    x = torch.randn(4, 5, 5, 8, dtype=torch.float64) * 3 + 1
    nchw, grouped = x.permute(0, 3, 1, 2), x.reshape(4, 25, 2, 4)
    tiny_eps = 1e-12
    normed = {
        "batchnorm": functional.batch_norm(nchw, None, None, training=True, eps=tiny_eps),
        "layernorm": functional.layer_norm(x, (8,), eps=tiny_eps).permute(0, 3, 1, 2),
        "groupnorm": functional.group_norm(nchw, 2, eps=tiny_eps),
    }
    means = {
        "batchnorm": x.mean((0, 1, 2)).expand_as(x),
        "layernorm": x.mean(-1, keepdim=True).expand_as(x),
        "groupnorm": grouped.mean((1, 3), keepdim=True).expand_as(grouped).reshape(x.shape),
    }
    for kind, out in normed.items():
        groups = {"groups": 2} if kind == "groupnorm" else {}
        rule = scale_rule(tiny({"norm": {"kind": kind, **groups}}).norm)
        assert rule is not None
        divided_by = (x - means[kind]) / out.permute(0, 2, 3, 1)
        torch.testing.assert_close(rule(x).mean(), divided_by.square().mean())


@pytest.mark.parametrize("kind", ["layernorm", "batchnorm", "groupnorm"])
def test_zen_gives_back_the_scale_that_norms_take_away(kind: str) -> None:
    """With norms it is what it is without them; the change of the normed map alone is about e."""
    relu = {"depths": [2, 2], "act": "relu", "block.norm_at": "all", "block.bias": False}
    normed = value("zen", subject({**relu, "norm": {"kind": kind}}))
    bare = value("zen", subject({**relu, "norm": {"kind": "none"}}))
    assert bare > 15
    assert normed == pytest.approx(bare, abs=0.5)


def test_zen_cuts_residual_links() -> None:
    model = subject().copy()
    images = torch.randn(2, 1, 28, 28)
    block: Any = model.get_submodule("stages.0.blocks.0")
    x = torch.randn(2, 8, 7, 7)
    linked, branch = block(x), block.branch(x)
    torch.testing.assert_close(linked, x + branch)
    block.drop_path = Cut()
    torch.testing.assert_close(block(x), branch)
    assert type(block(x)) is Tensor
    assert body(model, images).shape == (2, 16, 3, 3)


def test_zen_is_of_noise_and_layer_scale_is_one() -> None:
    at = subject()
    other = Subject(at.model, at.plan, torch.zeros_like(at.images), at.labels, at.seed)
    assert value("zen", other) == value("zen", at)
    small_scale = subject({"block.layer_scale_init": 1e-6})
    assert value("zen", small_scale) == pytest.approx(value("zen", at))


def test_it_stands_in_the_package() -> None:
    assert designspace.zero_cost.score is score
    assert [known.name for known in chosen(None)] == [*DRAWN, "macs", "params"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"names": ["synflo"]}, "unknown score 'synflo'; did you mean 'synflow'"),
        ({"names": []}, "no score is named"),
        ({"data": "cifar"}, "unknown data 'cifar'"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        score(tiny(), **arguments)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch_size": 1}, "batch_size: a mini-batch has at least 2 images"),
        ({"repeats": 0}, "repeats: at least 1"),
        ({"recipe": "dmo"}, "did you mean 'demo'"),
        ({"batch_size": 5000}, "5000 images are needed, but .* has 4000 to train with"),
    ],
)
def test_bad_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        score(tiny(), settings=Settings(**settings))


def test_the_images_have_the_size_that_the_recipe_trains_at() -> None:
    how = Settings(batch_size=8, recipe=load_recipe("demo", {"input_size": 20}))
    images = Task(task_data(None, tiny(), how), how, 0).subject(tiny(), 0).images
    assert images.shape[2:] == (20, 20)
    assert score(tiny(), names=["params"], settings=how).input_size == 20
