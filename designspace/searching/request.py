"""The request of a search, as plain data, and the outcome of its run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from designspace.costing import cost
from designspace.errors import InputError
from designspace.records.facts import DataFacts, RecipeFacts
from designspace.records.study.events import Event
from designspace.records.study.state import StudyState
from designspace.records.study.study import SchedulerMeta
from designspace.searching.schedulers.asha import rungs
from designspace.searching.trials.trainable import Factory
from designspace.spec.network.network import Network
from designspace.spec.space.limits import Costs
from designspace.spec.space.space import Point, Space

LEAST_SHARE = 0.0001
"""Smallest share of a GPU that Ray counts."""

Observer = Callable[[Event, StudyState], None]

Price = Callable[[Network, DataFacts], Costs]


def exact(spec: Network, data: DataFacts) -> Costs:
    """Return the exact cost in closed form, for the images and classes of the data."""
    return cost(spec, data.image_size, in_channels=data.channels, num_classes=data.num_classes)


def silent(event: Event, state: StudyState) -> None:
    """Observe a study without showing anything."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of one trial.

    Attributes:
        cpus: Whole CPUs, also the number of threads.
        gpus: Share of one GPU, above 0 and up to 1; 0 for none.
        device: "cpu", "cuda", or "cuda:1" with the local executor.

    Raises:
        InputError: `gpus` has another value.
    """

    cpus: int = 1
    gpus: float = 0.0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.gpus and not LEAST_SHARE <= self.gpus <= 1:
            raise _wrong_share(self.gpus)

    @property
    def ray_gpus(self) -> float:
        """The share of a GPU in Ray's units of 1/10000, rounded down so that as many trials fit."""
        return math.floor(self.gpus * 10_000 + 1e-6) / 10_000


def _wrong_share(gpus: float) -> InputError:
    """Return the error for an invalid share of a GPU, with the nearest valid one."""
    nearest = "1"
    if math.isfinite(gpus) and gpus > 1 and gpus == int(gpus):
        said = f"a trial trains on one GPU, and cannot span {gpus:g} yet"
    elif gpus > 1:
        said = f"expected a share of one GPU, above 0 and up to 1 (got {gpus:g})"
    else:
        said = f"expected 0, or a share of one GPU from {LEAST_SHARE:g} to 1 (got {gpus:g})"
        nearest = f"{LEAST_SHARE:g}" if gpus > 0 else "0"
    hint = None if math.isnan(gpus) else f"did you mean {nearest}?"
    return InputError(said, path="--gpus-per-trial", hint=hint)


@dataclass(frozen=True, slots=True)
class Request:
    """The complete request of a search: the same request resumes the search, or finds it complete.

    Attributes:
        directory: Directory of the study.
        space: Base, axes and limits.
        recipe: Recipe; if the space has axes of the recipe, the one that they change.
        data: Images, and how the factory reads them.
        factory: Function that makes a training from a job, inside a worker; it must pickle.
        trials: Total number of trials wanted, those of earlier runs included.
        scheduler: "asha", or "none" to train every trial to its end.
        price: Function that returns the exact cost of a network on these data.
        min_epochs: First rung [epochs]; None for an eighth of the recipe's epochs.
        test: Whether the winner is measured on the test split at the end.
        retest: Whether it is also measured if the test split was read before, for a trial that was
            the winner then.
        keep_checkpoints: Whether checkpoints are kept that nothing needs any more.
    """

    directory: Path
    space: Space
    recipe: RecipeFacts
    data: DataFacts
    factory: Factory
    trials: int
    price: Price = exact
    seed: int = 0
    proposer: Literal["tpe", "random"] = "tpe"
    scheduler: Literal["asha", "none"] = "asha"
    eta: int = 2
    min_epochs: int | None = None
    executor: Literal["ray", "local"] = "ray"
    resources: Resources = field(default_factory=Resources)
    command: tuple[str, ...] = ()
    test: bool = True
    retest: bool = False
    keep_checkpoints: bool = False

    @property
    def epochs(self) -> int:
        """Number of epochs of a complete trial."""
        return self.recipe.epochs

    def cost(self, network: Network) -> Costs:
        """Return the exact cost of a network on the request's data."""
        return self.price(network, self.data)

    def recipe_of(self, point: Point) -> RecipeFacts:
        """Return the recipe of a trial: the common one, or its own if the space changes recipes."""
        if not self.space.recipe_axes:
            return self.recipe
        return RecipeFacts.of(self.space.recipe_spec(point))

    @property
    def rules(self) -> SchedulerMeta:
        """The scheduler and its rungs."""
        if self.scheduler == "none":
            return SchedulerMeta(kind="none")
        first = self.min_epochs or max(1, self.epochs // 8)
        return SchedulerMeta(kind="asha", eta=self.eta, rungs=rungs(first, self.eta, self.epochs))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a run of a study.

    Attributes:
        directory: Directory of the study.
        state: State of the study, with everything that is recorded.
        interrupted: Whether it was stopped from outside; the same request resumes it.
        idle: Whether it was complete before, so that nothing was done.
        exhausted: Reason why there are fewer trials than wanted; None if there are not.
        notes: Other events that concern trials, one sentence each.
    """

    directory: Path
    state: StudyState
    interrupted: bool = False
    idle: bool = False
    exhausted: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Exit code: 0 complete, 4 some trials failed or diverged, 130 interrupted."""
        if self.interrupted:
            return 130
        return 4 if self.state.count("failed", "diverged") else 0
