"""The scores of a network: build it, draw a mini-batch, measure each score, repeat a few times."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from designspace.benchmarking.machine import machine
from designspace.compiler import build
from designspace.compiler.device import device_of
from designspace.costing import plan
from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.images.loading.batches import eval_batches
from designspace.images.randomness import derive, generator
from designspace.images.sizes import decoding_size, working_size
from designspace.naming import load
from designspace.records.measured.zero_cost import NetworkScores, ScoreRecord, ScoreValue
from designspace.spec.network.load import Source
from designspace.spec.network.network import Network
from designspace.training.evaluate import view_of
from designspace.training.state.init_weights import initialise
from designspace.zero_cost.registry import Scorer, Undefined, chosen
from designspace.zero_cost.settings import Settings
from designspace.zero_cost.subject import Subject


def score(
    spec: Source,
    data: str | Data | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    seed: int = 0,
    names: Sequence[str] | None = None,
    settings: Settings | None = None,
) -> NetworkScores:
    """Measure the zero-cost scores of one untrained network.

    Args:
        spec: Name, path, plain data or network.
        data: Source as in `designspace train --data`, or loaded data; the packaged images by
            default.
        changes: Values to change in the spec, by dotted path.
        seed: Seed of the first repeat, whose weights are the initial weights of a training with
            this seed; the next repeats use the next seeds.
        names: Names of scores; all by default.
        settings: Mini-batch, repeats, recipe and device.

    Raises:
        InputError: A specification, a name or a setting is wrong, or there are too few images.
    """
    how, network = settings or Settings(), load(spec, changes)
    if not isinstance(data, Data):
        data = task_data(data, network, how)
    return measure(network, Task(data, how, seed), chosen(names))


def task_data(source: str | None, network: Network, how: Settings, **options: bool) -> Data:
    """Load the data as a training of this network with this recipe would.

    Raises:
        InputError: As for `load_data`.
    """
    recipe, size = how.training, decoding_size(network, how.training)
    return load_data(source, val_fraction=recipe.val_fraction, image_size=size, **options)


@dataclass(frozen=True, slots=True)
class Task:
    """Source of mini-batches and initial weights."""

    data: Data
    how: Settings
    seed: int

    def __post_init__(self) -> None:
        """Reject a mini-batch that the data cannot fill.

        Raises:
            InputError: There are fewer training images.
        """
        if self.how.batch_size > len(self.data.train):
            raise InputError(
                f"{self.how.batch_size} images are needed, but {self.data.name} has "
                f"{len(self.data.train)} to train with",
                path="batch_size",
            )

    def subject(self, network: Network, repeat: int) -> Subject:
        """Return the network with the initial weights of a repeat, and its mini-batch."""
        seed, device = self.seed + repeat, device_of(self.how.device)
        size = working_size(network, self.data, self.how.training)
        classes, channels = self.data.num_classes, self.data.channels
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive("torch", "weights", seed))  # the same as in `train.run`
            model = build(network, num_classes=classes, in_channels=channels, input_size=size)
            initialise(model, self.how.training)
        view = view_of(self.data, size, self.how.training.test)
        order = torch.randperm(len(self.data.train), generator=generator("signals", "batch", seed))
        part = self.data.train.take(order[: self.how.batch_size].tolist())
        images, labels = next(eval_batches(part, view, self.how.batch_size, device))
        node = plan(network, size, in_channels=channels, num_classes=classes)
        return Subject(model.to(device), node, images, labels, seed)

    @property
    def conditions(self) -> dict[str, Any]:
        """Conditions that all networks share, in plain words."""
        how = self.how
        return {
            "data": {"name": self.data.name, "digest": self.data.digest},
            "batch_size": how.batch_size,
            "images": "of the training split, drawn for each repeat, not augmented",
            "seed": self.seed,
            "repeats": how.repeats,
            "first_weights": f"{how.training.init}, as training by recipe {how.training.name}",
            "device": how.device,
            "threads": torch.get_num_threads(),
        }


def measure(network: Network, task: Task, scores: Sequence[Scorer]) -> NetworkScores:
    """Measure each score of a network in all repeats; a counted score only once."""
    began = time.perf_counter()
    found: dict[str, list[float | Undefined]] = {known.name: [] for known in scores}
    for repeat in range(task.how.repeats):
        subject = task.subject(network, repeat)
        for known in scores:
            if not (known.counted and repeat):
                found[known.name].append(known.of(subject))
    return NetworkScores(
        network=network.name or "network",
        digest=network.digest,
        input_size=working_size(network, task.data, task.how.training),
        seconds=time.perf_counter() - began,
        scores={name: _value(values) for name, values in found.items()},
    )


def _value(found: Sequence[float | Undefined]) -> ScoreValue:
    """Return the values of a score; it is undefined if any repeat is undefined.

    A mean over only some of the repeats would be a different number.
    """
    reasons = [value.reason for value in found if isinstance(value, Undefined)]
    if not reasons:
        return ScoreValue(values=tuple(v for v in found if not isinstance(v, Undefined)))
    share = f" (in {len(reasons)} of {len(found)} repeats)" if len(reasons) < len(found) else ""
    return ScoreValue(reason=reasons[0] + share)


def record(
    networks: Sequence[NetworkScores], task: Task, scores: Sequence[Scorer], command: str
) -> ScoreRecord:
    """Return the record: the measured scores, and the conditions needed to read them."""
    return ScoreRecord(
        command=command,
        conditions=task.conditions,
        environment=machine(device_of(task.how.device)),
        sources={known.name: known.source for known in scores},
        networks=tuple(networks),
    )
