"""Our step against timm's own: groups, learning rates, weights, averages and losses."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from timm.data.mixup import Mixup
from timm.loss.cross_entropy import SoftTargetCrossEntropy
from timm.optim._optim_factory import create_optimizer_v2
from timm.optim._param_groups import param_groups_layer_decay
from timm.scheduler.cosine_lr import CosineLRScheduler
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn

import designspace
from designspace import timm_models
from designspace.compiler import BuiltNetwork
from designspace.images.randomness import seed_step
from designspace.spec.recipe.optimizers import LayerDecay
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.training.clock import Clock
from designspace.training.distributed import ALONE
from designspace.training.loop import Position, Trainer
from designspace.training.optimisation.from_recipe import make_ema, make_mixup, make_optimizer
from designspace.training.optimisation.parameters import Layers
from designspace.training.optimisation.schedule import make_schedule
from tests.helpers.small import SIDE, every_family, few_blocks, small

STEPS, CLASSES = 5, 6
CPU = torch.device("cpu")
SGD = {"kind": "sgd", "lr": 0.05, "reference_batch": 8, "weight_decay": 1e-4, "nesterov": False}


def built(name: str) -> BuiltNetwork:
    torch.manual_seed(0)
    return designspace.build(small(name), num_classes=CLASSES, input_size=SIDE)


def batches() -> list[tuple[Tensor, Tensor]]:
    draw = torch.Generator().manual_seed(3)
    shape = (8, 3, SIDE, SIDE)
    return [
        (torch.randn(shape, generator=draw), torch.randint(CLASSES, (8,), generator=draw))
        for _ in range(STEPS)
    ]


def members(optimizer: torch.optim.Optimizer, model: nn.Module) -> list[tuple[Any, ...]]:
    """Each group's decay, rate and names."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return [
        (
            round(group.get("lr_scale", 1.0), 12),
            group["weight_decay"],
            tuple(names[id(parameter)] for parameter in group["params"]),
        )
        for group in optimizer.param_groups
    ]


@every_family
def test_groups_equal_timms(name: str) -> None:
    model, recipe = built(name), load_recipe("demo")
    ours = make_optimizer(model, recipe)
    theirs = create_optimizer_v2(model, "adamw", lr=recipe.learning_rate, weight_decay=0.05)
    assert members(ours, model) == members(theirs, model)
    spared = [n for _, decay, names in members(ours, model) if not decay for n in names]
    tables = {n for n in spared if model.get_parameter(n).ndim > 1 and not n.endswith(".bias")}
    assert tables == model.no_weight_decay()
    everything = make_optimizer(model, load_recipe("demo", {"optimizer.decays": "all"}))
    assert [(decay, len(names)) for _, decay, names in members(everything, model)] == [
        (0.05, len(list(model.parameters())))
    ]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("deit_s", "deit_small_patch16_224"), ("swin_t", "swin_tiny_patch4_window7_224")],
)
def test_what_is_spared_is_what_timms_networks_spare(ours: str, theirs: str) -> None:
    import timm

    with torch.device("meta"):
        network: Any = timm.create_model(theirs)
    sizes = sorted(network.get_parameter(name).numel() for name in network.no_weight_decay()
                   if name in dict(network.named_parameters()))  # fmt: skip
    model = designspace.build(ours)
    assert sorted(model.get_parameter(n).numel() for n in model.no_weight_decay()) == sizes


@every_family
def test_layer_decay_of_single_blocks_is_timms(name: str) -> None:
    model: Any = timm_models.create(
        f"ds_{name}", changes=few_blocks(name), img_size=SIDE, num_classes=CLASSES
    )
    change = {"optimizer.layer_decay": {"rate": 0.7, "blocks": 1}}
    ours = make_optimizer(model, load_recipe("demo", change))
    theirs = param_groups_layer_decay(
        model, 0.05, no_weight_decay_list=model.no_weight_decay(), layer_decay=0.7
    )
    found = {(scale, decay): set(names) for scale, decay, names in members(ours, model)}
    names = {id(parameter): n for n, parameter in model.named_parameters()}
    expected: dict[Any, set[str]] = {}
    for group in theirs:
        key = round(group["lr_scale"], 12), group["weight_decay"]
        expected.setdefault(key, set()).update(names[id(p)] for p in group["params"])
    assert found == expected


@pytest.mark.parametrize(
    ("network", "layers", "ids"),
    [  # as the ConvNeXt paper's code numbers them: stem, stages, head
        ("convnext_b", 12, {"stem.conv.weight": 0, "stages.0.blocks.2.x": 1,
                            "stages.1.downsample.conv.weight": 2, "stages.1.blocks.0.x": 2,
                            "stages.2.downsample.conv.weight": 3, "stages.2.blocks.2.x": 3,
                            "stages.2.blocks.26.x": 11, "stages.3.downsample.conv.weight": 12,
                            "stages.3.blocks.2.x": 12, "head.classifier.weight": 13}),
        ("convnext_t", 12, {"stages.2.blocks.8.x": 5, "stages.3.blocks.0.x": 12,
                            "head.norm_after.weight": 13}),
        ("convnext_t", None, {"stages.2.blocks.8.x": 5, "stages.3.blocks.0.x": 6,
                              "head.classifier.weight": 7}),
    ],
)  # fmt: skip
def test_layers_of_three_blocks_are_the_papers(
    network: str, layers: int | None, ids: dict[str, int]
) -> None:
    with torch.device("meta"):
        model = designspace.build(network)
    found = Layers(model, LayerDecay(rate=0.7, blocks=3, layers=layers))
    assert {name: found.of(name) for name in ids} == ids
    assert found.scale(found.last) == 1.0
    assert found.scale(0) == pytest.approx(0.7**found.last)


def test_a_lower_layer_steps_with_its_share_of_the_rate() -> None:
    recipe = load_recipe("demo", {"optimizer.layer_decay": {"rate": 0.5, "blocks": 1}})
    model = built("convnextv2_atto")
    optimizer = make_optimizer(model, recipe)
    schedule = make_schedule(optimizer, recipe, 10)
    schedule.step_update(25)
    peak = max(group["lr"] for group in optimizer.param_groups)
    for group in optimizer.param_groups:
        assert group["lr"] == pytest.approx(peak * group["lr_scale"])


def test_a_cosine_is_timms_and_steps_are_torchs() -> None:
    model, steps = built("convnextv2_atto"), 7
    recipe = load_recipe("demo", {"epochs": 5, "schedule.warmup_epochs": 2})
    ours, theirs = make_optimizer(model, recipe), torch.optim.SGD(model.parameters(), 3e-3)
    cosine = CosineLRScheduler(theirs, t_initial=21, lr_min=1e-5, warmup_t=14, t_in_epochs=False,
                               warmup_prefix=True)  # fmt: skip
    mine = make_schedule(ours, recipe, steps)
    for step in range(5 * steps):
        mine.step_update(step)
        cosine.step_update(step)
        assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"]
    stepped = load_recipe("resnet_original", {"epochs": 5, "schedule.milestones": [2, 3]})
    ours = make_optimizer(model, stepped)
    theirs = torch.optim.SGD(model.parameters(), 0.1)
    torchs = torch.optim.lr_scheduler.MultiStepLR(theirs, [2, 3])
    mine = make_schedule(ours, stepped, steps)
    for epoch in range(5):
        for step in range(steps):
            mine.step_update(epoch * steps + step)
            assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"])
        theirs.step()
        torchs.step()


def ours_and_losses(model: BuiltNetwork, recipe: Recipe, epoch: int) -> tuple[Trainer, list[float]]:
    optimizer = make_optimizer(model, recipe)
    trainer = Trainer(
        model=model,
        forward=model,
        optimizer=optimizer,
        schedule=make_schedule(optimizer, recipe, STEPS),
        mixup=make_mixup(recipe, CLASSES),
        ema=make_ema(model, recipe),
        recipe=recipe,
        device=CPU,
        seed=0,
        group=ALONE,
    )
    seen: list[float] = []

    def note(_: int, losses: list[Tensor]) -> None:
        seen.append(float(losses[-1]))

    trainer.epoch(epoch, batches(), STEPS, Clock(CPU), note, Position())
    return trainer, seen


def timms_and_losses(model: BuiltNetwork, recipe: Recipe, epoch: int) -> tuple[Any, list[float]]:
    """The step of timm's training script, put together from timm's parts."""
    stated = cast("Any", recipe.optimizer)
    kind = "adamw" if stated.kind == "adamw" else "momentum"
    optimizer = create_optimizer_v2(
        model, kind, lr=recipe.learning_rate, weight_decay=stated.weight_decay
    )
    warmup = round(recipe.schedule.warmup_epochs * STEPS)
    schedule = CosineLRScheduler(
        optimizer, recipe.epochs * STEPS - warmup, lr_min=cast("Any", recipe.schedule).min_lr,
        warmup_t=warmup, warmup_prefix=True, t_in_epochs=False,
    )  # fmt: skip
    mixing = recipe.mixup, recipe.cutmix, None, recipe.mix_prob, recipe.mix_switch_prob
    mixup = Mixup(*mixing, label_smoothing=recipe.label_smoothing, num_classes=CLASSES)
    plain = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    criterion = SoftTargetCrossEntropy() if recipe.mixes else plain
    ema = ModelEmaV3(model, decay=0.9, use_warmup=True)
    losses: list[float] = []
    model.train()
    for step, (images, target) in enumerate(batches(), start=1):
        done = (epoch - 1) * STEPS + step
        schedule.step_update(done - 1)
        seed_step(0, epoch, step, rank=0)
        if recipe.mixes:
            images, target = mixup(images, target)
        loss = criterion(model(images), target)
        optimizer.zero_grad()
        loss.backward()
        if recipe.grad_clip:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.grad_clip)
        optimizer.step()
        ema.update(model, step=done)
        losses.append(float(loss.detach()))
    return ema, losses


@pytest.mark.parametrize("name", ["convnextv2_atto", "regnetx_002", "deit_s"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"mixup": 0.8, "cutmix": 1.0}, {"optimizer": SGD, "grad_clip": None}],
    ids=["demo", "mixed", "sgd"],
)
def test_losses_weights_and_averages_are_timms(name: str, changes: dict[str, Any]) -> None:
    change = {"batch_size": 8, "epochs": 3, "optimizer.lr": 1e-3, "ema.decay": 0.9, **changes}
    recipe = load_recipe("demo", change)
    model, twin = built(name), built(name)
    trainer, ours = ours_and_losses(model, recipe, epoch=2)
    ema, theirs = timms_and_losses(twin, recipe, epoch=2)
    assert len(ours) == STEPS
    np.testing.assert_allclose(ours, theirs, rtol=2e-5)
    assert trainer.ema is not None
    for mine, timms in ((model, twin), (trainer.ema.module, ema.module)):
        for (key, value), other in zip(
            mine.state_dict().items(), timms.state_dict().values(), strict=True
        ):
            torch.testing.assert_close(value, other, rtol=1e-3, atol=2e-5, msg=key)


@pytest.mark.parametrize("parts", [2, 4])
def test_parts_of_a_step_give_the_whole_steps_gradient(parts: int) -> None:
    whole = load_recipe("demo", {"batch_size": 8, "epochs": 3})
    cut = load_recipe("demo", {"batch_size": 8, "epochs": 3, "accumulation": parts})
    model, twin = built("convnextv2_atto"), built("convnextv2_atto")
    _, ours = ours_and_losses(model, whole, epoch=2)
    _, others = ours_and_losses(twin, cut, epoch=2)
    np.testing.assert_allclose(ours, others, rtol=2e-5)
    for value, other in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(value, other, rtol=1e-3, atol=2e-5)


def test_first_weights_are_the_recipes() -> None:
    import timm

    from designspace.training.state.init_weights import initialise

    model = designspace.build("convnext_t", num_classes=10)
    before = model.head.classifier.weight.detach().std()  # type: ignore[union-attr]
    initialise(model, load_recipe("convnext_finetune_1k_384"))
    after = model.head.classifier.weight.detach().std()  # type: ignore[union-attr]
    assert float(after / before) == pytest.approx(0.001)
    recipe = load_recipe("convnext_1k")
    initialise(model, recipe)
    theirs = timm.create_model("convnext_tiny", num_classes=10)
    for one in (model, theirs):
        linear = [m for m in one.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        assert len(linear) == 59
        weights = torch.cat([m.weight.detach().flatten() for m in linear])
        assert float(weights.std()) == pytest.approx(0.02, rel=0.03)
        assert all(not m.bias.detach().any() for m in linear if m.bias is not None)
    resnet = designspace.build("resnet50")
    initialise(resnet, load_recipe("resnet_original"))
    conv: Any = resnet.get_submodule("stem.conv")
    assert float(conv.weight.detach().std()) == pytest.approx((2 / (64 * 49)) ** 0.5, rel=0.05)
