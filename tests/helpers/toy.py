"""A small space and a small real training, so that a study of many trials takes a second."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from designspace.errors import InputError
from designspace.records.facts import DataFacts, RecipeFacts
from designspace.records.training import Epoch, Score
from designspace.searching.request import Request, Resources
from designspace.searching.trials.trainable import Job, Progress
from designspace.spec.documents.document import write_text_atomic
from designspace.spec.recipe.recipe import Recipe, load_recipe

BASE = {"width": 8, "depth": 1, "act": "relu", "order": "a"}
ACTS = {"relu": 1.0, "gelu": 1.1, "tanh": 0.9}


@dataclass(frozen=True)
class ToyAxis:
    labels: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True)
class ToyLimit:
    cost: str
    low: int | None = None
    high: int | None = None

    def broken_by(self, costs: Any) -> str | None:
        value = getattr(costs, self.cost)
        inside = (self.low or 0) <= value <= (value if self.high is None else self.high)
        return None if inside else f"{value} {self.cost}"


@dataclass(frozen=True)
class ToyCost:
    params: int
    macs: int
    acts: int


@dataclass(frozen=True)
class ToyNetwork:
    authored: dict[str, Any]

    @property
    def name(self) -> str:
        return "toy"

    @property
    def digest(self) -> str:
        text = json.dumps(self.authored, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


WIDTH = ToyAxis(("4", "8", "16", "32"), ordered=True)
DEPTH = ToyAxis(("1", "2", "3"), ordered=True)
ACT = ToyAxis(("relu", "gelu", "tanh"))
ORDER = ToyAxis(("a", "b"))
RATE = ToyAxis(("0.01", "0.02", "0.04"), ordered=True)


@dataclass(frozen=True)
class ToySpace:
    """`order` is active at depth 2 and more only; tanh at width 32 is not valid.

    An axis `rate`, where there is one, changes the recipe.
    """

    name: str = "toy"
    base: dict[str, Any] = field(default_factory=lambda: dict(BASE))
    axes: dict[str, ToyAxis] = field(
        default_factory=lambda: {"width": WIDTH, "depth": DEPTH, "act": ACT, "order": ORDER}
    )
    limits: tuple[ToyLimit, ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def recipe_axes(self) -> dict[str, ToyAxis]:
        return {name: axis for name, axis in self.axes.items() if name == "rate"}

    def recipe_changes(self, point: Mapping[str, str]) -> dict[str, Any]:
        return {"optimizer.lr": float(point["rate"])} if "rate" in point else {}

    def recipe_spec(self, point: Mapping[str, str]) -> Recipe:
        return toy_recipe({**self.recipe, **self.recipe_changes(point)})

    def recipe_digest(self, point: Mapping[str, str]) -> str | None:
        return self.recipe_spec(point).digest if self.recipe_axes else None

    @property
    def digest(self) -> str:
        text = repr((sorted(self.base.items()), sorted(self.axes.items()), self.limits))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def size(self) -> int:
        return math.prod(len(axis.labels) for axis in self.axes.values())

    @property
    def authored(self) -> dict[str, Any]:
        axes = {name: list(axis.labels) for name, axis in self.axes.items()}
        return {"base": self.base, "axes": axes, "limits": [vars(x) for x in self.limits]}

    def active(self, point: Mapping[str, str]) -> dict[str, ToyAxis]:
        deep = int(point.get("depth", self.base["depth"])) > 1
        return {name: axis for name, axis in self.axes.items() if name != "order" or deep}

    def changes(self, point: Mapping[str, str]) -> dict[str, Any]:
        return {name: int(x) if x.isdigit() else x for name, x in point.items() if name != "rate"}

    def spec(self, point: Mapping[str, str]) -> ToyNetwork:
        authored = {**self.base, **self.changes(point)}
        if authored["act"] == "tanh" and authored["width"] == 32:
            raise InputError("tanh is too slow at width 32", path="act")
        return ToyNetwork(authored)


def price(spec: ToyNetwork, data: DataFacts) -> ToyCost:
    width, depth = spec.authored["width"], spec.authored["depth"]
    macs = data.channels * width + (depth - 1) * width * width + width * data.num_classes
    return ToyCost(params=macs + depth * width, macs=macs, acts=depth * width)


ACCIDENTS = ("crash", "die_once", "lose_gpu", "lose_gpu_once", "sleep")
"""What a request may ask for beside a recipe: by trial, the epoch at which something happens."""

GPU = {"lost": False}
"""Whether this process lost its GPU; it stays so, as a CUDA context does."""


def lose_gpu(mark: Path) -> NoReturn:
    """Raise what torch does after an illegal memory access, now and whenever the GPU is used."""
    import torch

    GPU["lost"] = True
    with mark.open("a") as file:
        file.write(f"{os.getpid()}\n")
    raise torch.AcceleratorError(
        "CUDA error: an illegal memory access was encountered\nSearch for "
        "`cudaErrorIllegalAddress' in https://docs.nvidia.com/cuda/cuda-runtime-api/"
    )


def toy_recipe(changes: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe of 8 epochs and the learning rate that toys have."""
    own = {"name": "toy", "epochs": 8, "optimizer.lr": 0.02, "schedule.warmup_epochs": 0}
    return load_recipe("demo", {**own, **(changes or {})})


def toy_data(load: Mapping[str, Any] | None = None) -> DataFacts:
    """Data that nothing reads."""
    return DataFacts(
        name="toy", digest="d0", num_classes=1, channels=6, image_size=6, train=64, val=64,
        test=64, load=dict(load or {}),
    )  # fmt: skip


class ToyTrainee:
    """A tiny regression, deterministic in (spec, seed, epoch), with a checkpoint on disk.

    `crash` in the data's `load` names trials (by directory) and the epoch at which they raise;
    `lose_gpu` and `lose_gpu_once` those whose process loses its GPU there, as CUDA says it.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.history = job, list[Epoch]()
        width: int = job.spec.authored["width"]
        rng = np.random.default_rng(job.seed)
        self.x = rng.standard_normal((64, 6))
        self.y = np.sin(self.x).sum(1, keepdims=True)
        self.project = rng.standard_normal((6, width))
        self.weight = np.zeros((width, 1))

    @property
    def epoch(self) -> int:
        return len(self.history)

    @property
    def checkpoint(self) -> Path:
        return self.job.directory / "checkpoint.json"

    @property
    def fallback(self) -> None:
        return None

    def resume(self) -> int:
        if self.checkpoint.exists():
            saved = json.loads(self.checkpoint.read_text())
            self.weight = np.array(saved["weight"])
            self.history = [Epoch(**epoch) for epoch in saved["history"]]
        return self.epoch

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        epoch = self.epoch + 1
        self._maybe_crash(epoch)
        time.sleep(self.job.data.load.get("sleep", 0.0))
        spec = self.job.spec.authored
        features = np.tanh(self.x @ self.project) * ACTS[spec["act"]] * spec["depth"]
        rate: float = self.job.recipe.full["optimizer"]["lr"]
        for step in range(5):
            error = features @ self.weight - self.y
            self.weight = self.weight - rate * features.T @ error / len(self.x)
            if progress is not None:
                progress(step + 1, 5)
        loss = float(np.square(features @ self.weight - self.y).mean())
        top1 = 100 / (1 + loss)
        measured = Epoch(
            epoch=epoch, train_loss=loss, loss=loss, top1=top1, top5=top1, lr=0.02,
            seconds=0.01, images_per_second=1e4,
        )  # fmt: skip
        self.history.append(measured)
        self._save()
        with (self.job.directory / "trained.txt").open("a") as file:
            file.write(f"{epoch}\n")
        return measured

    @property
    def weights(self) -> Path:
        return self.job.directory / "weights.safetensors"

    def keep(self) -> None:
        assert self.epoch == self.job.epochs
        kept = {"weight": self.weight.tolist(), "top1": self.history[-1].top1, **self.job.about}
        write_text_atomic(self.weights, json.dumps(kept))

    def restore(self) -> bool:
        if not self.weights.exists():
            return False
        top1 = json.loads(self.weights.read_text())["top1"]
        self.history = [
            Epoch(
                epoch=self.job.epochs, train_loss=0, loss=0, top1=top1, top5=top1, lr=0.02,
                seconds=0.01, images_per_second=1e4,
            )
        ]  # fmt: skip
        return True

    def test(self) -> Score:
        with (self.job.directory / "tested.txt").open("a") as file:
            file.write("tested\n")
        last = self.history[-1]
        return Score(top1=last.top1, top5=last.top5, loss=last.loss, n=64)

    def _maybe_crash(self, epoch: int) -> None:
        crashes: Mapping[str, int] = self.job.data.load.get("crash", {})
        if crashes.get(self.job.directory.name) == epoch:
            raise RuntimeError("the toy broke")
        self._maybe_lose_gpu(epoch)
        once = self.job.data.load.get("die_once", {})
        mark = self.job.directory / "died"
        if once.get(self.job.directory.name) == epoch and not mark.exists():
            mark.touch()
            os._exit(7)

    def _maybe_lose_gpu(self, epoch: int) -> None:
        name, mark = self.job.directory.name, self.job.directory / "lost_gpu"
        for key in ("lose_gpu", "lose_gpu_once"):
            lost: Mapping[str, int] = self.job.data.load.get(key, {})
            if lost.get(name) == epoch and not (key == "lose_gpu_once" and mark.exists()):
                lose_gpu(mark)
        if GPU["lost"]:
            lose_gpu(mark)

    def _save(self) -> None:
        saved = {
            "weight": self.weight.tolist(),
            "history": [epoch.model_dump() for epoch in self.history],
        }
        temporary = self.checkpoint.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(saved))
        temporary.replace(self.checkpoint)


def request(directory: Path, *, space: ToySpace | None = None, **changes: Any) -> Request:
    """A request for a study of toys; `recipe` holds changes to theirs, and accidents."""
    given = dict(changes.pop("recipe", {}))
    accidents = {key: given.pop(key) for key in ACCIDENTS if key in given}
    recipe = RecipeFacts.of(toy_recipe(given))
    settings: dict[str, Any] = {
        "executor": "local", "trials": 8, "proposer": "random", "min_epochs": 1,
        "resources": Resources(), "data": toy_data(accidents), **changes,
    }  # fmt: skip
    return Request(
        directory=directory,
        space=space or ToySpace(),  # pyright: ignore[reportArgumentType]
        recipe=recipe,
        factory=ToyTrainee,
        price=price,  # pyright: ignore[reportArgumentType]
        **settings,
    )


def trained(directory: Path) -> dict[str, Sequence[int]]:
    """The epochs that each trial really trained, repeats included."""
    return {
        path.parent.name: [int(line) for line in path.read_text().split()]
        for path in (directory / "trials").glob("*/trained.txt")
    }
