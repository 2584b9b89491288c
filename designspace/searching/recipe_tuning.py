"""The tuning of a recipe for one network with a small budget; all networks get the same draws.

The same recipe is not always a fair one. If each side of a comparison gets the same number of
trainings, with values drawn in the same way from the same ranges and judged on the validation
split, neither suffers from values that were chosen for the other. The tuning is a study: it resumes
as one, and never reads the test split.

Example: with lr 0.1 in the recipe and 3 trainings, the range is 0.025 to 0.4. Training 0 uses 0.1,
trainings 1 and 2 use log-uniform draws from (seed, 1) and (seed, 2). The one with the highest
validation top-1 gives the value for the final trainings.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from designspace.errors import InputError, TrialsFailedError, did_you_mean
from designspace.records.facts import RecipeFacts
from designspace.records.study.state import StudyState, Trial
from designspace.records.tuning import Budget, Tried, Tuning
from designspace.searching.request import Request, Resources
from designspace.searching.trials.trial_training import run_of
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.spec.space.load_space import load_space
from designspace.spec.space.space import Space
from designspace.training.data_facts import data_facts

if TYPE_CHECKING:
    from designspace.images.data import Data

SPAN = 4.0  # values are drawn from own / SPAN to own * SPAN, around the recipe's own value
_AXIS = "tuning"
_OF_THE_DATA = ("val_fraction",)  # fixed before a training, because all share the same split


def budget_of(recipe: Recipe, names: Sequence[str], trials: int) -> Budget:
    """Return the budget of a tuning: a number of trainings, and ranges around the recipe's values.

    Args:
        recipe: Recipe with the central values.
        names: Paths within the recipe, or the last parts of their names if these are unique.
        trials: Number of trainings, the one with the recipe's own values included.

    Raises:
        InputError: A name is unknown or ambiguous, or its value is not a number above 0.
    """
    numbers = {path: n for path, n in _numbers(recipe.plain()).items() if path not in _OF_THE_DATA}
    paths = _paths(names, numbers, recipe)
    ranges = {path: _range(numbers[path]) for path in paths}
    for path, (low, _) in ranges.items():
        if low <= 0:
            raise InputError(
                "the recipe's value is 0, and tuning tries multiples of it",
                file="--tune",
                path=path,
            )
    return Budget(ranges=ranges, trials=trials)


@dataclass(frozen=True, slots=True)
class RecipeTuning:
    """The tuning of a recipe for one network.

    Attributes:
        network: Network to train.
        recipe: Recipe with the central values.
        data: Data to train on.
        budget: Budget of the tuning.
        seed: Seed of the draws and of every training.
        device: "cpu" or "cuda".
    """

    network: Network
    recipe: Recipe
    data: Data
    budget: Budget
    seed: int
    device: str

    @property
    def draws(self) -> list[dict[str, float]]:
        """The values of each training by path: the recipe's own, then draws of (seed, number)."""
        numbers = _numbers(self.recipe.plain())
        own = {path: numbers[path] for path in self.budget.ranges}
        return [own, *(_draw(self.budget, self.seed, n) for n in range(1, self.budget.trials))]

    def request(
        self, directory: Path, command: Sequence[str] = (), *, keep_checkpoints: bool = False
    ) -> Request:
        """Return the request of the tuning's study: one axis, labelled by the trainings' numbers.

        Raises:
            InputError: The recipe does not accept a drawn value.
        """
        import torch

        return Request(
            directory=directory,
            space=self._space(),
            recipe=RecipeFacts.of(self.recipe),
            data=data_facts(self.data, {}, self.recipe),
            factory=partial(run_of, data=self.data),
            trials=self.budget.trials,
            seed=self.seed,
            proposer="random",
            scheduler="none",
            executor="local",
            resources=Resources(
                torch.get_num_threads(), 0.0 if self.device == "cpu" else 1.0, self.device
            ),
            command=tuple(command),
            test=False,
            keep_checkpoints=keep_checkpoints,
        )

    def _space(self) -> Space:
        self._check()
        choices = {
            str(number): {f"recipe.{path}": value for path, value in values.items()}
            for number, values in enumerate(self.draws)
        }
        return load_space(
            {
                "name": f"{self.network.name or 'network'}-{_AXIS}",
                "purpose": f"a recipe's values for one network: {self.budget}",
                "base": self.network.authored,
                "recipe": self.recipe.plain(),
                "axes": {_AXIS: {"choices": choices}},
            }
        )

    def _check(self) -> None:
        for values in self.draws:
            try:
                load_recipe(self.recipe.plain(), values)
            except InputError as error:
                said = f"a drawn value is not valid: {error.message}"
                raise InputError(said, file="--tune", path=error.path) from None

    def result(self, state: StudyState) -> Tuning:
        """Return the trainings and the choice of the study, once it is complete.

        Raises:
            TrialsFailedError: No training was completed with a score.
        """
        winner = state.winner
        if winner is None:
            raise TrialsFailedError("no training of the tuning finished with a score")
        trials = sorted(state.trials.values(), key=lambda trial: int(trial.point[_AXIS]))
        return Tuning(
            budget=self.budget,
            recipe=self.recipe.digest,
            seed=self.seed,
            tried=tuple(_tried(trial) for trial in trials),
            chosen=trials.index(winner),
        )


def _draw(budget: Budget, seed: int, number: int) -> dict[str, float]:
    rng = random.Random(f"{seed}/{number}/{_AXIS}")
    logs = {path: rng.uniform(math.log(a), math.log(b)) for path, (a, b) in budget.ranges.items()}
    return {path: float(f"{math.exp(value):.3g}") for path, value in logs.items()}


def tuned(recipe: Recipe, tuning: Tuning) -> Recipe:
    """Return the recipe with the chosen values."""
    return load_recipe(recipe.plain(), tuning.values)


def _tried(trial: Trial) -> Tried:
    return Tried(
        values=trial.recipe_changes,
        state=trial.state,
        top1=trial.top1 if trial.state == "complete" else None,
        divergence=trial.divergence,
        error=trial.error,
    )


def _numbers(data: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return the numbers of a recipe by path, without integers."""
    found: dict[str, float] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            found |= _numbers(cast("Mapping[str, Any]", value), f"{prefix}{key}.")
        elif isinstance(value, float):
            found[f"{prefix}{key}"] = value
    return found


def _range(value: float) -> tuple[float, float]:
    return value / SPAN, value * SPAN


def _tunable(numbers: Mapping[str, float], recipe: Recipe) -> list[str]:
    """Return the names of the values that can be tuned, by their last part."""
    paths = [path for path, value in numbers.items() if _is_tunable(recipe, path, value)]
    return [path.rpartition(".")[2] for path in paths]


def _is_tunable(recipe: Recipe, path: str, value: float) -> bool:
    """Return whether the recipe accepts both ends of a value's range."""
    if value <= 0:
        return False
    try:
        for end in _range(value):
            load_recipe(recipe.plain(), {path: end})
    except InputError:
        return False
    return True


def _paths(names: Sequence[str], numbers: Mapping[str, float], recipe: Recipe) -> list[str]:
    paths: list[str] = []
    for name in names:
        meant = [path for path in numbers if path == name or path.endswith(f".{name}")]
        if len(meant) != 1:
            hint = did_you_mean(name, meant or _tunable(numbers, recipe))
            said = "is ambiguous" if meant else "is not a number in the recipe that can be tuned"
            raise InputError(f"'{name}' {said}", file="--tune", hint=hint)
        paths += [meant[0]] if meant[0] not in paths else []
    return paths
