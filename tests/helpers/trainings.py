"""Trainings of a fraction of a second, and records of trainings that never were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from designspace.images.data import Data, load_data
from designspace.records.run import (
    Attempt,
    DataFacts,
    DeviceFacts,
    Ending,
    RecipeFacts,
    Record,
    Selection,
    SpecFacts,
)
from designspace.records.training import Divergence, Epoch, Score
from designspace.records.tuning import Budget, Tried, Tuning
from designspace.spec.network.load import load
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.training.run import Run

TINY = {"depths": [1, 1], "widths": [8, 16], "stem.patch_size": 4}
SHORT = {"epochs": 2, "batch_size": 16, "schedule.warmup_epochs": 0}
BREAKS = {"optimizer.lr": 1e30, "grad_clip": None}


def npz(folder: Path) -> Path:
    """A file of 80 + 20 images of 12 pixels in two classes that are easily told apart."""
    draw = np.random.default_rng(0)
    labels = np.arange(100) % 2
    bright = (labels * 120).astype(np.uint8)[:, None, None]
    images = draw.integers(0, 60, (100, 12, 12), dtype=np.uint8) + bright
    path = folder / "tiny.npz"
    np.savez(
        path,
        train_x=images[:80],
        train_y=labels[:80],
        test_x=images[80:],
        test_y=labels[80:],
    )
    return path


def tiny_data(folder: Path) -> Data:
    return load_data(str(npz(folder)))


def tiny_net(changes: Mapping[str, Any] | None = None) -> Network:
    return load("convnext_proxy", {**TINY, **(changes or {})})


def tiny_run(
    data: Data, directory: Path, recipe: Mapping[str, Any] | None = None, *, seed: int = 0
) -> Run:
    how = load_recipe("demo", {**SHORT, **(recipe or {})})
    return Run(tiny_net(), how, data, seed=seed, device="cpu", directory=directory)


def words(data: Path, recipe: Mapping[str, Any] | None = None) -> list[str]:
    """The command line of such a training."""
    spec = [f"--set={path}={value}" for path, value in TINY.items()]
    how = [
        f"--recipe-set={path}={_yaml(value)}" for path, value in {**SHORT, **(recipe or {})}.items()
    ]
    return ["train", "convnext_proxy", *spec, *how, f"--data={data}", "--device=cpu"]


def _yaml(value: Any) -> str:
    return "null" if value is None else str(value)


def budget(trials: int = 8) -> Budget:
    return Budget(ranges={"optimizer.lr": (0.001, 0.016)}, trials=trials)


def made(
    network: str = "a",
    seed: int = 0,
    top1: float | None = 80.0,
    *,
    recipe: Mapping[str, Any] | None = None,
    tuned: Budget | None = None,
    trained: int | None = None,
    test: float | None = None,
) -> Record:
    """A record as a training would have left it; without `top1` it diverged."""
    how = _recipe(json.dumps(recipe or {}))
    spec = SpecFacts(name=network, digest=network * 16, authored={})
    count = 0 if top1 is None else trained or how.epochs
    return Record(
        name=f"{network}-s{seed}",
        spec=spec,
        recipe=RecipeFacts.of(how),
        learning_rate=how.learning_rate,
        batch_size=how.batch_size,
        data=DataFacts(
            name="photos", digest="d" * 16, num_classes=10, channels=1, train=80, val=400, test=100
        ),
        input_size=28,
        seed=seed,
        selection=Selection.of(how),
        tuning=_tuning(tuned, how.optimizer.lr) if tuned else None,
        attempts=(_attempt(),),
        epochs=tuple(_epoch(number, top1 or 0.0) for number in range(1, count + 1)),
        test=None if test is None else Score(top1=test, top5=test, loss=0.5, n=100),
        outcome=Ending(state="complete") if top1 is not None else _diverged(),
    )


def _diverged() -> Ending:
    place = Divergence(epoch=1, step=1, lr=0.1, cause="too high")
    return Ending(state="diverged", divergence=place)


@cache
def _recipe(changes: str) -> Recipe:
    return load_recipe("demo", json.loads(changes))


def _attempt() -> Attempt:
    device = DeviceFacts(kind="cpu", name="a processor", threads=1)
    return Attempt(started="", after_epochs=0, command=(), device=device, environment={})


def _epoch(number: int, top1: float) -> Epoch:
    return Epoch(
        epoch=number, train_loss=1, loss=1, top1=top1, top5=99, lr=0.01, seconds=1,
        images_per_second=80,
    )  # fmt: skip


def _tuning(budget: Budget, lr: float) -> Tuning:
    tried = Tried(values={"optimizer.lr": lr}, state="complete", top1=80.0)
    return Tuning(budget=budget, recipe="r" * 16, seed=0, tried=(tried,), chosen=0)
