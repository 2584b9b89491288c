from __future__ import annotations

from pathlib import Path

import pytest
import torch
from timm.optim._optim_factory import create_optimizer_v2
from torch import nn

from designspace.errors import InputError
from designspace.spec.recipe import Recipe, load_recipe
from designspace.train.optim import make_optimizer, make_schedule


@pytest.mark.parametrize("name", ["demo", "modern"])
def test_the_shipped_recipes_load_and_return_from_plain_data(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert load_recipe(recipe.plain()) == recipe
    assert load_recipe(recipe.plain()).digest == recipe.digest


def test_modern_has_the_numbers_of_the_paper() -> None:
    recipe = load_recipe("modern")
    assert (recipe.epochs, recipe.schedule.warmup_epochs) == (300, 20)
    assert load_recipe("modern", {"batch_size": 4096}).learning_rate == pytest.approx(4e-3)
    assert recipe.learning_rate == pytest.approx(4e-3 * recipe.batch_size / 4096)
    assert (recipe.mixup, recipe.cutmix, recipe.label_smoothing) == (0.8, 1.0, 0.1)
    assert (recipe.random_erasing, recipe.drop_path_rate) == (0.25, 0.1)
    assert recipe.rand_augment == "rand-m9-mstd0.5-inc1"
    assert recipe.ema is not None
    assert recipe.ema.decay == 0.9999


def test_the_digest_is_that_of_the_meaning(tmp_path: Path) -> None:
    demo = load_recipe("demo")
    assert len(demo.digest) == 16
    assert load_recipe("demo", {"name": "other", "note": "a word"}).digest == demo.digest
    assert load_recipe("demo", {"schedule.kind": "cosine"}).digest == demo.digest
    assert load_recipe("demo", {"optimizer.lr": 0.1}).digest != demo.digest
    written = tmp_path / "mine.yaml"
    written.write_text("# a comment\nepochs: 1\nbatch_size: 2\noptimizer: {kind: sgd, lr: 0.1}\n")
    spelt = {"epochs": 1, "batch_size": 2, "optimizer": {"kind": "sgd", "lr": 0.1}, "crop": None}
    assert load_recipe(written).digest == load_recipe(spelt).digest


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epoch": 3}, "unknown key 'epoch'; did you mean 'epochs'"),
        ({"optimizer.lrr": 1}, "optimizer.lrr: unknown key 'lrr'; did you mean 'lr'"),
        ({"optimizer.kind": "adam"}, "unknown kind 'adam'; did you mean 'adamw'"),
        ({"epochs": 0}, "epochs"),
        ({"schedule.warmup_epochs": 99}, "warmup_epochs must be less than epochs"),
        ({"mixup": 0.8, "batch_size": 3}, "batch_size must be even"),
        ({"crop": {"kind": "resized", "scale": [1, 0.5]}}, "scale must be"),
        ({"rand_augment": "random"}, "rand_augment"),
    ],
)
def test_mistakes_are_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        load_recipe("demo", changes)


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'modern'"):
        load_recipe("moderne")


def _net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def test_optimizer_groups_equal_timms() -> None:
    net, recipe = _net(), load_recipe("demo")
    ours = make_optimizer(net, recipe)
    theirs = create_optimizer_v2(
        net, "adamw", lr=recipe.learning_rate, weight_decay=0.05, betas=(0.9, 0.999)
    )
    assert len(ours.param_groups) == 2
    for mine, timms in zip(ours.param_groups, theirs.param_groups, strict=True):
        assert [id(p) for p in mine["params"]] == [id(p) for p in timms["params"]]
        assert {k: v for k, v in mine.items() if k != "params"} == {
            k: v for k, v in timms.items() if k != "params"
        }
    undecayed = [p for g in ours.param_groups if g["weight_decay"] == 0 for p in g["params"]]
    decayed = [p for g in ours.param_groups if g["weight_decay"] > 0 for p in g["params"]]
    assert all(p.ndim == 1 for p in undecayed)
    assert all(p.ndim > 1 for p in decayed)


@pytest.mark.parametrize("nesterov", [True, False])
def test_sgd_is_torchs(nesterov: bool) -> None:
    changes = {"optimizer": {"kind": "sgd", "lr": 0.1, "momentum": 0.8, "nesterov": nesterov}}
    group = make_optimizer(_net(), load_recipe("demo", changes)).param_groups[0]
    assert (group["momentum"], group["nesterov"]) == (0.8, nesterov)
    assert group["lr"] == pytest.approx(0.1 * 64 / 256)


def test_the_rate_warms_up_linearly_and_falls_as_a_cosine() -> None:
    recipe: Recipe = load_recipe(
        "demo",
        {
            "epochs": 4,
            "optimizer": {"kind": "adamw", "lr": 1.0, "reference_batch": 64},
            "schedule": {"warmup_epochs": 1, "warmup_lr": 0.0, "min_lr": 0.1},
        },
    )
    steps = 10
    optimizer = make_optimizer(_net(), recipe)
    schedule = make_schedule(optimizer, recipe, steps)
    rates: list[float] = []
    for step in range(4 * steps + 1):
        schedule.step_update(step)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[:11] == pytest.approx([i / 10 for i in range(11)])
    progress = torch.arange(31) / 30
    cosine = 0.1 + 0.5 * 0.9 * (1 + torch.cos(torch.pi * progress))
    assert rates[10:] == pytest.approx(cosine.tolist(), abs=1e-6)
