"""From what a caller says to the runs of a training: one per seed, after a tuning if wanted."""

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
        network: What is trained.
        recipe: How.
        device: `cpu`, `cuda` or `cuda:1`.
        data: Where the images are; None for the packaged set.
        seed: Of weights, order and augmentation; the first of several.
        seeds: Trainings, of seed, seed + 1 and so on.
        tune: Numbers of the recipe that are chosen for this network first; None for none.
        tune_trials: Trainings to tune with.
        out: The directory; None for one that is named after everything that differs.
        initial: Weights to begin with; None for the recipe's.
        compiled: Whether the network is compiled.
        save_every: Seconds between checkpoints inside an epoch; None for 600.
        download: Whether torchvision may fetch what is not on disk.
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
        """Check what goes together, then read the data and the first weights.

        Raises:
            InputError: Options that contradict each other, data or weights that cannot be read.
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
        """Refuse what does not go together, before the data are read, which may take long."""
        if self.out is not None:
            require_run_place(self.out)
        if self.tune is not None and wanted():
            raise InputError("--tune is for one process", hint="tune without torchrun first")
        if self.tune is not None and self.initial is not None:
            raise InputError("--tune begins with the recipe's own weights", hint="leave out --from")


@dataclass(frozen=True, slots=True)
class PreparedTraining:
    """A training whose data and first weights are read.

    Attributes:
        plan: What the caller said.
        recipe: How to train, the values of a tuning included.
        images: The data.
        begin: The first weights; None for the recipe's.
        budget: What a tuning may spend; None where there is none, or it is done.
        seed: The first seed of the runs.
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
        """The tuning that goes before the runs; None where there is none."""
        plan = self.plan
        if self.budget is None:
            return None
        how = plan.recipe
        return RecipeTuning(plan.network, how, self.images, self.budget, plan.seed, plan.device)

    @property
    def home(self) -> Path:
        """The directory that holds everything, or from whose name those of the seeds are made."""
        plan, tuning = self.plan, self.tunes
        if plan.out is not None:
            return plan.out
        home = run_home(plan.network, plan.recipe, self.begin, self.images)
        return home if tuning is None else tuned_home(home, tuning)

    def tuned(self, tuning: Tuning) -> Self:
        """The same with the recipe that the tuning chose, and a seed that no choice has seen."""
        recipe = tuned(self.recipe, tuning)
        return replace(self, recipe=recipe, seed=self.seed + 1, tuning=tuning)

    def runs(self) -> Iterator[tuple[int, Path]]:
        """The seed and the directory of each run."""
        plan, home = self.plan, self.home
        inside = self.budget is not None or (plan.out is not None and plan.seeds > 1)
        for seed in range(self.seed, self.seed + plan.seeds):
            beside = home if plan.out else Path(f"{home}-s{seed}")
            yield seed, home / f"s{seed}" if inside else beside

    def run(self, seed: int, directory: Path, group: Group, device: str) -> Run:
        """One of the runs, ready to be trained or to go on."""
        plan = self.plan
        pause = SAVE_EVERY if plan.save_every is None else plan.save_every
        return Run(
            plan.network, self.recipe, self.images, seed=seed, device=device, directory=directory,
            initial=self.begin, compiled=plan.compiled, group=group, save_every=pause,
        )  # fmt: skip
