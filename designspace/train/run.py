"""A run: one network trained by one recipe on one data set from one seed, an epoch at a time."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
import time
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from designspace.compiler import build, set_drop_path
from designspace.compiler.device import device_of
from designspace.errors import DivergedError
from designspace.records.training import Epoch, Score
from designspace.spec.network import Network
from designspace.spec.recipe import Recipe
from designspace.train import checkpoint
from designspace.train.batches import TrainBatches, eval_batches
from designspace.train.data import Data
from designspace.train.evaluate import evaluate, view_of
from designspace.train.fit import working_size
from designspace.train.init import initialise
from designspace.train.loop import Progress, Trainer
from designspace.train.metrics import write_metrics
from designspace.train.optim import current_lr, make_ema, make_mixup, make_optimizer, make_schedule
from designspace.train.randomness import seed_everything
from designspace.train.split import Images
from designspace.train.view import View


@dataclass
class Run:
    """Trains epoch by epoch and survives being stopped between any two instructions.

    An epoch counts once its checkpoint is on disk. All random streams of an epoch derive from
    (seed, epoch), so a resumed run ends with the very weights of an uninterrupted one (on the CPU,
    with the same number of threads). The learning rate spans the recipe's epochs, wherever the run
    is stopped.

    Attributes:
        spec: the network.
        recipe: how to train it.
        data: what on.
        seed: of the first weights and of every epoch.
        device: "cpu" or "cuda".
        directory: where checkpoint and metrics go; made when the first epoch ends.
        model: what is trained, on its device.
        history: the epochs done so far.
        view: the input that the network sees: size, mean and spread.
    """

    spec: Network
    recipe: Recipe
    data: Data
    _: KW_ONLY
    seed: int
    device: str
    directory: Path
    model: nn.Module = field(init=False)
    history: list[Epoch] = field(init=False, default_factory=list[Epoch])
    view: View = field(init=False)

    def __post_init__(self) -> None:
        self._device = device_of(self.device)
        size = working_size(self.spec, self.data)
        self.view = view_of(self.data, size, self.recipe.test)
        train = self.data.train
        resident = train.to(self._device) if isinstance(train, Images) else train
        self._batches = TrainBatches(resident, self.recipe, self.view, self._device, self.seed)
        self._start()

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.history)

    @property
    def epochs(self) -> int:
        """Epochs of the whole run, by the recipe."""
        return self.recipe.epochs

    @property
    def notes(self) -> tuple[str, ...]:
        """What is done to the images on their way in, a sentence each."""
        size = self.view.size
        if size == self.data.image_size:
            return self.data.notes
        return (*self.data.notes, f"every batch resized and center-cropped to {size}x{size}")

    @property
    def trained(self) -> nn.Module:
        """The network to measure and to keep: the moving average where the recipe has one."""
        ema = self._trainer.ema
        return self.model if ema is None else ema.module

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        """Trains one epoch, measures the validation split, then writes checkpoint and metrics.

        Args:
            progress: called after each step with the steps done and the steps of an epoch.

        Raises:
            DivergedError: the loss is not finite; the last checkpoint stays.
            InputError: the disk is full; the last checkpoint stays.
        """
        assert self.epoch < self.epochs, "the run has done all of its epochs"
        number, began = self.epoch + 1, time.perf_counter()
        seed_everything("epoch", self.seed, number)
        batches, steps = self._batches.epoch(number), self._batches.steps
        train_loss = self._trainer.epoch(number, batches, steps, progress)
        trained = time.perf_counter()
        score = self._score(self.data.val)
        if not math.isfinite(score.loss):
            # The last step's update is seen only here.
            raise DivergedError(number, steps, current_lr(self._trainer.optimizer))
        record = Epoch(
            epoch=number,
            train_loss=train_loss,
            loss=score.loss,
            top1=score.top1,
            top5=score.top5,
            lr=current_lr(self._trainer.optimizer),
            seconds=time.perf_counter() - began,
            images_per_second=steps * self.recipe.batch_size / (trained - began),
        )
        self._save([*self.history, record])
        self.history.append(record)
        return record

    def resume(self) -> int:
        """Goes on from the directory's newest valid checkpoint; returns the epochs done.

        A checkpoint that is truncated, or of another network, recipe, data set or seed, is passed
        over for the one before it. 0 where none is left: the run then starts anew.
        """
        state = checkpoint.load(self.directory, self._identity)
        if state is None:
            self._start()
            return 0
        self.model.load_state_dict(state["model"])
        self._trainer.optimizer.load_state_dict(state["optimizer"])
        if self._trainer.ema is not None:
            self._trainer.ema.module.load_state_dict(state["ema"])
        self.history = [Epoch.model_validate(line) for line in state["history"]]
        return self.epoch

    def test(self) -> Score:
        """Measures the trained network on the test split; to be called once, at the end."""
        return self._score(self.data.test)

    def _start(self) -> None:
        seed_everything("weights", self.seed)
        self.model = build(
            self.spec,
            num_classes=self.data.num_classes,
            in_channels=self.data.channels,
            input_size=self.view.size,
        )
        initialise(self.model, self.recipe)
        set_drop_path(self.model, self.recipe.drop_path_rate)
        self.model.to(self._device, memory_format=torch.channels_last)  # pyright: ignore
        optimizer = make_optimizer(self.model, self.recipe)
        self._trainer = Trainer(
            model=self.model,
            optimizer=optimizer,
            schedule=make_schedule(optimizer, self.recipe, self._batches.steps),
            mixup=make_mixup(self.recipe, self.data.num_classes),
            ema=make_ema(self.model, self.recipe),
            recipe=self.recipe,
            device=self._device,
        )
        self.history = []

    def _score(self, split: Any) -> Score:
        batches = eval_batches(split, self.view, self.recipe.batch_size, self._device)
        return evaluate(self.trained, batches, self.recipe.precision == "bfloat16")

    @property
    def _identity(self) -> dict[str, str | int]:
        return {
            "spec": self.spec.digest,
            "recipe": self.recipe.digest,
            "data": self.data.digest,
            "seed": self.seed,
        }

    def _save(self, history: list[Epoch]) -> None:
        ema = self._trainer.ema
        state = {
            "model": self.model.state_dict(),
            "optimizer": self._trainer.optimizer.state_dict(),
            "ema": None if ema is None else ema.module.state_dict(),
            "history": [epoch.model_dump() for epoch in history],
        }
        checkpoint.save(self.directory, self._identity, state)
        write_metrics(self.directory, history)
