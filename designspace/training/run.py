"""A run: one network trained by one recipe on one data set from one seed."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from designspace.compiler import BuiltNetwork, build, set_drop_path
from designspace.compiler.arithmetic import fast_arithmetic
from designspace.compiler.device import in_use
from designspace.errors import DivergedError, InputError
from designspace.images.data import Data
from designspace.images.loading.batches import TrainBatches, eval_batches
from designspace.images.randomness import seed_everything
from designspace.images.sizes import working_size
from designspace.images.split import DecodedSplit
from designspace.images.view import View
from designspace.records.study.kept_files import remove_half_written
from designspace.records.training import Epoch, Score
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.training.clock import Clock
from designspace.training.distributed import ALONE, Group
from designspace.training.evaluate import evaluate, view_of
from designspace.training.forward import forward_of
from designspace.training.loop import Position, Progress, Trainer
from designspace.training.memory import peak_memory, reset_peak
from designspace.training.metrics import write_metrics
from designspace.training.optimisation.from_recipe import (
    current_lr,
    make_ema,
    make_mixup,
    make_optimizer,
)
from designspace.training.optimisation.schedule import make_schedule
from designspace.training.state import checkpoint
from designspace.training.state.fitting import require_fit
from designspace.training.state.init_weights import initialise
from designspace.training.state.pretrained import Initial
from designspace.training.state.trainer_state import capture, take_over, wanted

SAVE_EVERY = 600.0
_DONE = {"center": "center-cropped", "squash": "warped", "border": "bordered"}


@dataclass
class Run:
    """A run that trains epoch by epoch and can be stopped between any two instructions.

    All random streams of a step derive from (seed, epoch, step), and the learning rate from the
    step. So a checkpoint holds neither generators nor schedule, and a resumed run ends with exactly
    the weights of an uninterrupted one (on the CPU, with the same number of threads). The schedule
    of the learning rate spans the recipe's epochs, wherever the run is stopped.

    Attributes:
        spec: Specification of the network.
        recipe: Recipe of the training.
        data: Data set with its splits.
        seed: Seed of the first weights and of every step.
        device: "cpu", "cuda" or "cuda:1".
        directory: Directory of checkpoint and metrics; made when the first of them is written.
        initial: Weights to begin with; None for those of the recipe's initialisation.
        compiled: Whether the network is compiled for training.
        save_every: Time after which a checkpoint is written inside an epoch [s].
        group: Processes that train the network together.
        model: Network that is trained, on its device.
        history: Epochs done so far.
        view: Input that the network sees: size, mean and standard deviation.
        fallback: Reason why the run did not continue from the newest checkpoint; None if it did.
    """

    spec: Network
    recipe: Recipe
    data: Data
    _: KW_ONLY
    seed: int
    device: str
    directory: Path
    initial: Initial | None = None
    compiled: bool = False
    save_every: float = SAVE_EVERY
    group: Group = ALONE
    model: BuiltNetwork = field(init=False)
    history: list[Epoch] = field(init=False, default_factory=list[Epoch])
    view: View = field(init=False)
    fallback: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._device = in_use(self.device)
        size = working_size(self.spec, self.data, self.recipe)
        self.view = view_of(self.data, size, self.recipe.test)
        train = self.data.train
        resident = train.to(self._device) if isinstance(train, DecodedSplit) else train
        self._batches = TrainBatches(
            resident, self.recipe, self.view, self._device, self.seed, self.group.rank,
            self.group.world,
        )  # fmt: skip
        self._start()

    @property
    def epoch(self) -> int:
        """Number of epochs done."""
        return len(self.history)

    @property
    def epochs(self) -> int:
        """Number of epochs of the whole run, from the recipe."""
        return self.recipe.epochs

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on changes to the images and on the weights that the run begins with."""
        size, notes = self.view.size, [*self.data.notes, *self._batches.notes]
        if size != self.data.image_size:
            done = _DONE[self.view.test.crop_mode]
            notes.append(f"every batch resized and {done} to {size}x{size}")
        if self._begun is not None:
            notes.append(f"starts from {self._begun.source}: {self._begun}")
        return tuple(notes)

    @property
    def skipped(self) -> tuple[str, ...]:
        """Unreadable images that were left out: at the start, then later by any process."""
        return (*(one.file for one in self.data.skipped), *self._met)

    @property
    def trained(self) -> BuiltNetwork:
        """Network to measure and to keep: the moving average if the recipe has one."""
        ema = self._trainer.ema
        return self.model if ema is None else ema.module

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        """Train one epoch, measure the validation split, then write metrics and checkpoint.

        Args:
            progress: Callback after each step, with the steps done and the steps of an epoch.

        Raises:
            DivergedError: The loss is not finite; the last checkpoint stays.
            InputError: The disk is full; the last checkpoint stays.
        """
        assert self.epoch < self.epochs, "the run has completed all of its epochs"
        self._fresh = False
        number, began = self.epoch + 1, time.perf_counter()
        clock, steps, start = Clock(self._device), self._batches.steps, self._position
        reset_peak(self._device)
        with fast_arithmetic(self._device):
            train_loss = self._trainer.epoch(
                number,
                self._batches.epoch(number, start.step),
                steps,
                clock,
                lambda done, losses: self._after_step(done, losses, progress),
                start,
            )
        self._position = Position()
        met = self.group.gathered(self._batches.skipped)
        self._met = tuple(dict.fromkeys(name for one in met for name in one))
        trained = time.perf_counter()
        score = self._score(self.data.val)
        if not math.isfinite(score.loss):
            said = "the last step's update was too large; try a lower lr or grad_clip"
            raise DivergedError(number, steps, current_lr(self._trainer.optimizer), said)
        ended = time.perf_counter()
        record = Epoch(
            epoch=number,
            train_loss=train_loss,
            loss=score.loss,
            top1=score.top1,
            top5=score.top5,
            lr=current_lr(self._trainer.optimizer),
            seconds=ended - began,
            images_per_second=(steps - start.step) * self.recipe.batch_size / (trained - began),
            time=clock.split(validation=ended - trained),
            peak_memory=peak_memory(self._device),
        )
        if self.group.leads:  # before the checkpoint: after a kill, the epoch is written again
            write_metrics(self.directory, [*self.history, record])
        self._save([*self.history, record], Position())
        self.history.append(record)
        return record

    def resume(self) -> int:
        """Continue from the newest valid checkpoint of the directory; return the epochs done.

        If a checkpoint is damaged, or has another network, recipe, data set, seed or initial
        weights, the run uses the one before it, and `fallback` says so. Without a valid checkpoint
        the run begins anew, and the result is 0.

        Raises:
            InputError: Several processes find different checkpoints, or one does not fit the run.
        """
        if self.group.leads:
            remove_half_written(self.directory)
        found = checkpoint.load(self.directory, self._identity)
        state, self.fallback = found.state, found.fallback
        if found.file is not None:
            fitting = wanted(self._trainer, self.epochs, self._batches.steps)
            require_fit(state, fitting, found.file)
        if not self.group.agrees(state and (len(state["history"]), state["step"])):
            raise InputError(
                "the processes of this run find different checkpoints",
                file=str(self.directory),
                hint="use a directory that they share",
            )
        if state is None:
            if not self._fresh:
                self._start()
            return 0
        self._fresh = False
        self.history, self._position = take_over(state, self._trainer)
        return self.epoch

    def test(self) -> Score:
        """Measure the trained network on the test split; call this once, at the end."""
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
        begin = self.initial
        self._begun = begin.load_into(self.model, self.data.classes) if begin else None
        set_drop_path(self.model, self.recipe.drop_path_rate)
        forward = forward_of(self.model, self._device, self.group, compiled=self.compiled)
        optimizer = make_optimizer(self.model, self.recipe)
        self._trainer = Trainer(
            model=self.model,
            forward=forward,
            optimizer=optimizer,
            schedule=make_schedule(optimizer, self.recipe, self._batches.steps),
            mixup=make_mixup(self.recipe, self.data.num_classes),
            ema=make_ema(self.model, self.recipe),
            recipe=self.recipe,
            device=self._device,
            seed=self.seed,
            group=self.group,
        )
        self.history, self._position, self._saved = [], Position(), time.monotonic()
        self._fresh, self._met = True, tuple[str, ...]()

    def _after_step(self, done: int, losses: Sequence[Tensor], progress: Progress | None) -> None:
        late = time.monotonic() - self._saved >= self.save_every
        known = len(losses) == done  # several processes know them only after sharing
        if late and known and done < self._batches.steps:
            self._save(self.history, Position(done, tuple(torch.stack(list(losses)).tolist())))
        if progress is not None:
            progress(done, self._batches.steps)

    def _score(self, split: Any) -> Score:
        rank, world = self.group.rank, self.group.world
        mine = split if world == 1 else split.take(range(rank, len(split), world))
        size = max(self.recipe.part_size // world, 1)  # at most as many images as in training
        batches = eval_batches(mine, self.view, size, self._device)
        bfloat16 = self.recipe.precision == "bfloat16"
        with fast_arithmetic(self._device):
            return evaluate(self.trained, batches, bfloat16, self.group.summed)

    @property
    def _identity(self) -> dict[str, str | int]:
        return {
            "spec": self.spec.digest,
            "recipe": self.recipe.digest,
            "data": self.data.digest,
            "seed": self.seed,
            **({"initial": self.initial.digest} if self.initial else {}),
        }

    def _save(self, history: Sequence[Epoch], position: Position) -> None:
        """Write a checkpoint of the run's state; only the leading process writes."""
        self._saved = time.monotonic()
        if not self.group.leads:
            return
        state = capture(self._trainer, history, position)
        checkpoint.save(self.directory, self._identity, state)
