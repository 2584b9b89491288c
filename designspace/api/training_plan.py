"""The runs of a training from a caller's arguments: one per seed, after an optional tuning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from designspace.api.homes import run_home, tuned_home
from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.images.sizes import decoding_size
from designspace.records.places import require_run_place
from designspace.records.tuning import Budget, Tuning
from designspace.searching.recipe_tuning import RecipeTuning, budget_of, tuned
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.training.distributed import Group, wanted
from designspace.training.run import SAVE_EVERY, Run
from designspace.training.state.pretrained import Initial, read_initial


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """A training as a caller describes it, before anything is read.

    Attributes:
        network: Network to train.
        recipe: Recipe.
        device: `cpu`, `cuda` or `cuda:1`.
        data: Source of the images; None for the packaged set.
        seed: Seed of weights, order and augmentation; the first one of several.
        seeds: Number of trainings, with seed, seed + 1 and so on.
        tune: Numbers of the recipe to tune for this network first; None for no tuning.
        tune_trials: Number of trainings for tuning.
        out: Directory; None for one that is named after everything that differs.
        initial: Weights to begin with; None for the recipe's.
        compiled: Whether the network is compiled.
        save_every: Seconds between checkpoints within an epoch; None for 600.
        download: Whether torchvision may download missing data.
        skip_broken: Whether unreadable images are left out.
    """

    network: Network
    recipe: Recipe
    device: str
    data: str | None = None
    seed: int = 0
    seeds: int = 1
    tune: tuple[str, ...] | None = None
    tune_trials: int = 8
    out: Path | None = None
    initial: str | None = None
    compiled: bool = False
    save_every: float | None = None
    download: bool = False
    skip_broken: bool = False

    def prepared(self) -> PreparedTraining:
        """Check the options, then read the data and the initial weights.

        Raises:
            InputError: Options contradict each other, or data or weights cannot be read.
        """
        self._check()
        budget = None
        if self.tune is not None:
            budget = budget_of(self.recipe, self.tune, self.tune_trials)
        images = load_data(
            self.data,
            download=self.download,
            val_fraction=self.recipe.val_fraction,
            image_size=decoding_size(self.network, self.recipe),
            skip_broken=self.skip_broken,
        )
        begin = read_initial(self.initial) if self.initial else None
        return PreparedTraining(self, self.recipe, images, begin, budget, self.seed)

    def _check(self) -> None:
        """Check for contradicting options before the data are read, which may take long."""
        if self.out is not None:
            require_run_place(self.out)
        if self.tune is not None and wanted():
            raise InputError("--tune works in one process only", hint="tune without torchrun first")
        if self.tune is not None and self.initial is not None:
            raise InputError(
                "--tune starts from the weights that the recipe initialises",
                hint="leave out --from",
            )


@dataclass(frozen=True, slots=True)
class PreparedTraining:
    """A training whose data and initial weights are read.

    Attributes:
        plan: Plan with the caller's arguments.
        recipe: Recipe, including the tuned values.
        images: Data.
        begin: Initial weights; None for the recipe's.
        budget: Budget of a tuning; None if there is no tuning.
        seed: First seed of the runs.
        tuning: Result of the tuning; None before it, or without one.
    """

    plan: TrainingPlan
    recipe: Recipe
    images: Data
    begin: Initial | None
    budget: Budget | None
    seed: int
    tuning: Tuning | None = None

    @property
    def tunes(self) -> RecipeTuning | None:
        """The tuning before the runs; None if there is none."""
        plan = self.plan
        if self.budget is None:
            return None
        how = plan.recipe
        return RecipeTuning(plan.network, how, self.images, self.budget, plan.seed, plan.device)

    @property
    def home(self) -> Path:
        """The directory of all runs, or the common prefix of the names of their directories."""
        plan, tuning = self.plan, self.tunes
        if plan.out is not None:
            return plan.out
        home = run_home(plan.network, plan.recipe, self.begin, self.images)
        return home if tuning is None else tuned_home(home, tuning)

    def tuned(self, tuning: Tuning) -> Self:
        """Return the training with the tuned recipe, and a seed that the tuning has not used."""
        recipe = tuned(self.recipe, tuning)
        return replace(self, recipe=recipe, seed=self.seed + 1, tuning=tuning)

    def runs(self) -> Iterator[tuple[int, Path]]:
        """Yield the seed and the directory of each run."""
        plan, home = self.plan, self.home
        inside = self.budget is not None or (plan.out is not None and plan.seeds > 1)
        for seed in range(self.seed, self.seed + plan.seeds):
            beside = home if plan.out else Path(f"{home}-s{seed}")
            yield seed, home / f"s{seed}" if inside else beside

    def run(self, seed: int, directory: Path, group: Group, device: str) -> Run:
        """Return one of the runs, ready to start or to resume."""
        plan = self.plan
        pause = SAVE_EVERY if plan.save_every is None else plan.save_every
        return Run(
            plan.network, self.recipe, self.images, seed=seed, device=device, directory=directory,
            initial=self.begin, compiled=plan.compiled, group=group, save_every=pause,
        )  # fmt: skip
