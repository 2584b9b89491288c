"""Measuring a network on a split."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace import stopping
from designspace.compiler.device import device_of
from designspace.images.data import Data
from designspace.images.loading.batches import Batch, eval_batches
from designspace.images.split import Split
from designspace.images.statistics import statistics
from designspace.images.view import View
from designspace.records.training import Score
from designspace.spec.recipe.crops import TestView
from designspace.training.distributed import ALONE

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
    total = torch.zeros(3, dtype=torch.float64, device=device)
    count = several = 0
    for images, labels in batches:
        stopping.check()
        sums, answers = _measure(model, images, labels, bfloat16)
        total += sums
        count += len(labels)
        several = max(several, answers > FIVE)
    model.train(was_training)
    return _score(summed(torch.cat([total, total.new_tensor([count, several])])))


def _measure(
    model: nn.Module, images: Tensor, labels: Tensor, bfloat16: bool
) -> tuple[Tensor, int]:
    """Right answers at 1 and at 5 and the summed loss, on the device; the number of classes.

    Nothing here waits for a GPU, so that the next batch is launched while it works.
    """
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=bfloat16):
        logits = model(images)
    logits = logits.float()
    best = logits.topk(min(FIVE, logits.shape[1]), dim=1).indices == labels[:, None]
    loss = functional.cross_entropy(logits, labels, reduction="sum")
    return torch.stack([best[:, 0].sum(), best.any(1).sum(), loss]), logits.shape[1]


def _score(total: Tensor) -> Score:
    """The score of right answers at 1 and at 5, summed loss, images, 1 for more than five."""
    top1, top5, loss, count, several = total.tolist()
    share = 100 * top5 / count if several else None
    return Score(top1=100 * top1 / count, top5=share, loss=loss / count, n=int(count))


def view_of(data: Data, size: int, test: TestView) -> View:
    """The input of a network trained on `data` at `size` pixels."""
    mean, std = statistics(data.train)
    return View(size, mean, std, test)


def evaluate_split(
    model: nn.Module,
    split: Split,
    view: View,
    *,
    batch_size: int,
    bfloat16: bool = False,
    device: str = "cpu",
) -> Score:
    """Measure a network on a split; the network stays on the device.

    Args:
        model: Images to logits, one for each class that a label may name.
        split: What to measure on; images in files are streamed.
        view: The input that the network sees.
        batch_size: Images at a time.
        bfloat16: Whether the forward pass is in that precision.
        device: "cpu" or "cuda".

    Raises:
        InputError: There is no such device, or an image cannot be read.
    """
    target = device_of(device)
    model.to(target)
    return evaluate(model, eval_batches(split, view, batch_size, target), bfloat16)


def relabelled(split: Split, targets: Sequence[int]) -> Split:
    """The split with label i replaced by `targets[i]`."""
    return replace(split, labels=torch.tensor(targets, dtype=torch.int64)[split.labels])
