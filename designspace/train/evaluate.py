"""Measuring a network on a split."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.device import device_of
from designspace.errors import InputError
from designspace.images.batches import Batch, eval_batches
from designspace.images.data import Data
from designspace.images.split import Split
from designspace.images.statistics import statistics
from designspace.images.view import View
from designspace.records.training import Score
from designspace.spec.crops import TestView
from designspace.spec.recipe import Recipe
from designspace.train.group import ALONE

FIVE = 5
"""Answers that top-5 accepts."""


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    bfloat16: bool = False,
    summed: Callable[[Tensor], Tensor] = ALONE.summed,
) -> Score:
    """Top-1, top-5 (of more than five classes) and plain cross-entropy over all batches.

    The model is measured in evaluation mode and left in the mode that it had.

    Args:
        model: Images to logits.
        batches: What to measure on; of several processes, each has its own.
        bfloat16: Whether the forward pass is in that precision.
        summed: Adds up over the processes.
    """
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total = torch.zeros(5, dtype=torch.float64, device=device)
    for images, labels in batches:
        total += _measure(model, images, labels, bfloat16)
    model.train(was_training)
    top1, top5, loss, count, several = summed(total).tolist()
    share = 100 * top5 / count if several else None
    return Score(top1=100 * top1 / count, top5=share, loss=loss / count, n=int(count))


def _measure(model: nn.Module, images: Tensor, labels: Tensor, bfloat16: bool) -> Tensor:
    """Right answers at 1 and at 5, the summed loss, images, 1 for many classes: float64 (5,)."""
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=bfloat16):
        logits = model(images)
    logits = logits.float()
    best = logits.topk(min(FIVE, logits.shape[1]), dim=1).indices == labels[:, None]
    loss = functional.cross_entropy(logits, labels, reduction="sum")
    count = loss.new_tensor(len(labels))
    several = loss.new_tensor(logits.shape[1] > FIVE)
    return torch.stack([best[:, 0].sum(), best.any(1).sum(), loss, count, several]).double()


def view_of(data: Data, size: int, test: TestView) -> View:
    """The input of a network trained on `data` at `size` pixels."""
    mean, std = statistics(data.train)
    return View(size, mean, std, test)


def evaluate_data(
    model: nn.Module, data: Data, view: View, recipe: Recipe, *, device: str = "cpu"
) -> Score:
    """Measures a network on the test split, or on all images where the data has none of its own.

    Args:
        model: gives logits for `data.num_classes` classes.
        data: what to measure on; its test split, or all of it.
        view: the input that the network sees.
        recipe: its precision and the images of a part of its batch are used.
        device: "cpu" or "cuda".

    Raises:
        InputError: where the classes are not as many as the network's.
    """
    target = device_of(device)
    split = data.test if data.own_test else whole(data)
    model.to(target)
    _check_classes(model, data, view, target)
    batches = eval_batches(split, view, recipe.part_size, target)
    return evaluate(model, batches, recipe.precision == "bfloat16")


def whole(data: Data) -> Split:
    """All images of the data, whatever their split."""
    joined = data.train
    for split in (data.val, data.test):
        assert type(split) is type(joined)
        joined = joined.joined(split)  # pyright: ignore[reportArgumentType]
    return joined


@torch.no_grad()
def _check_classes(model: nn.Module, data: Data, view: View, device: torch.device) -> None:
    was_training = model.training
    model.eval()
    probe = torch.zeros(1, data.channels, view.size, view.size, device=device)
    classes = model(probe).shape[1]
    model.train(was_training)
    if classes != data.num_classes:
        raise InputError(
            f"the network has {classes} classes, data '{data.name}' has {data.num_classes}"
        )
