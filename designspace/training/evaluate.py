"""Evaluation of a network on a split: top-1, top-5 and loss."""

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
"""Number of classes among which top-5 accepts the label."""


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    bfloat16: bool = False,
    summed: Callable[[Tensor], Tensor] = ALONE.summed,
) -> Score:
    """Measure top-1, top-5 (if there are more than five classes) and cross-entropy.

    The cross-entropy is plain, without label smoothing. The model is measured in evaluation mode
    and returns to the mode that it had.

    Args:
        model: Network that maps images to logits.
        batches: Batches to measure on; each of several processes has its own.
        bfloat16: Whether the forward pass uses bfloat16.
        summed: Function that sums a tensor over the processes.
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
    """Return the correct answers at 1 and at 5 and the summed loss, and the number of classes.

    The sums stay on the device. Nothing here waits for a GPU, so that the next batch is launched
    while the GPU works.
    """
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=bfloat16):
        logits = model(images)
    logits = logits.float()
    best = logits.topk(min(FIVE, logits.shape[1]), dim=1).indices == labels[:, None]
    loss = functional.cross_entropy(logits, labels, reduction="sum")
    return torch.stack([best[:, 0].sum(), best.any(1).sum(), loss]), logits.shape[1]


def _score(total: Tensor) -> Score:
    """Compute the score.

    Args:
        total: Five sums: correct answers at 1, correct answers at 5, loss, images, and a number
            that is not 0 if there are more than five classes.
    """
    top1, top5, loss, count, several = total.tolist()
    share = 100 * top5 / count if several else None
    return Score(top1=100 * top1 / count, top5=share, loss=loss / count, n=int(count))


def view_of(data: Data, size: int, test: TestView) -> View:
    """Return the view of a network that is trained on `data` at `size` pixels."""
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
    """Measure a network on a split; the network is moved to the device and stays there.

    Args:
        model: Network that maps images to logits, one logit per class.
        split: Images to measure on; images in files are streamed.
        view: Input that the network sees.
        batch_size: Number of images per batch.
        bfloat16: Whether the forward pass uses bfloat16.
        device: "cpu" or "cuda".

    Raises:
        InputError: There is no such device, or an image cannot be read.
    """
    target = device_of(device)
    model.to(target)
    return evaluate(model, eval_batches(split, view, batch_size, target), bfloat16)


def relabelled(split: Split, targets: Sequence[int]) -> Split:
    """Return the split with each label i replaced by `targets[i]`."""
    return replace(split, labels=torch.tensor(targets, dtype=torch.int64)[split.labels])
