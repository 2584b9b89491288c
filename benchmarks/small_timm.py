"""A trial as a script with timm and a DataLoader has it; see `small_trials`."""

from __future__ import annotations

import io
from typing import Any

import timm
import torch
from timm.optim._optim_factory import create_optimizer_v2
from timm.scheduler.cosine_lr import CosineLRScheduler
from timm.utils.model_ema import ModelEmaV3
from torch import nn
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader
from torchvision.transforms import v2

import designspace
from benchmarks.small_images import WORKERS, Photos, standard
from designspace.images.data import Data
from designspace.images.split import DecodedSplit
from designspace.images.view import View
from designspace.spec.network.network import Network
from designspace.spec.recipe.optimizers import AdamW
from designspace.spec.recipe.recipe import Recipe
from designspace.training.evaluate import view_of

CPU = torch.device("cpu")


def network_of(network: Network, classes: int, channels: int, size: int) -> nn.Module:
    """timm's ConvNeXt of this shape; timm always builds four stages, and the last one goes."""
    shape: Any = network
    model = timm.models.convnext.ConvNeXt(
        num_classes=classes,
        in_chans=channels,
        depths=(*shape.depths, 1),
        dims=(*shape.stage_widths, shape.stage_widths[-1]),
        patch_size=shape.stem.patch_size,
        ls_init_value=shape.block[0].layer_scale_init,
    )
    model.stages = model.stages[:3]
    model.stages[0].downsample = nn.Identity()  # it halves the map behind this stem
    ours = designspace.build(network, num_classes=classes, in_channels=channels, input_size=size)
    counts = [sum(p.numel() for p in one.parameters()) for one in (model, ours)]
    assert counts[0] == counts[1], counts
    return model


def trial(network: Network, recipe: Recipe, data: Data) -> None:
    """Train for the recipe's epochs, with a validation and a checkpoint after each."""
    assert isinstance(data.train, DecodedSplit)
    assert isinstance(data.val, DecodedSplit)
    assert isinstance(recipe.optimizer, AdamW)
    assert recipe.ema is not None
    assert recipe.grad_clip is not None
    assert data.image_size is not None
    torch.manual_seed(0)
    view = view_of(data, data.image_size, recipe.test)
    model = network_of(network, data.num_classes, data.channels, view.size)
    optimizer = create_optimizer_v2(
        model,
        opt="adamw",
        lr=recipe.learning_rate,
        weight_decay=recipe.optimizer.weight_decay,
    )
    steps = len(data.train) // recipe.batch_size
    schedule = CosineLRScheduler(optimizer, t_initial=recipe.epochs * steps, t_in_epochs=False)
    ema = ModelEmaV3(model, decay=recipe.ema.decay, use_warmup=recipe.ema.warmup)
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    batches, validation = standard(data.train, recipe, view, CPU), _validation(data.val, view)
    done = 0
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        for images, labels in batches(epoch):
            optimizer.zero_grad()
            loss = loss_of(model(images), labels)
            loss.backward()
            clip_grad_norm_(model.parameters(), recipe.grad_clip)
            optimizer.step()
            done += 1
            ema.update(model, step=done)
            schedule.step_update(done)
        _validate(ema.module, validation)
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save({**state, "ema": ema.module.state_dict()}, io.BytesIO())


def _validation(split: DecodedSplit, view: View) -> DataLoader[Any]:
    steps = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(view.mean, view.std)]
    photos = Photos(split, v2.Compose(steps))
    return DataLoader(photos, batch_size=64, num_workers=WORKERS, persistent_workers=True)


@torch.no_grad()
def _validate(model: nn.Module, batches: DataLoader[Any]) -> tuple[float, int]:
    model.eval()
    loss = right = 0.0
    for images, labels in batches:
        logits = model(images)
        loss += functional.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
    return loss, int(right)
