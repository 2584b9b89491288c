"""The request of a search from a caller's arguments: space, recipe, data, resources, directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from designspace.api.homes import study_home
from designspace.images.data import Data, load_data
from designspace.images.sizes import decoding_size
from designspace.images.sources import located
from designspace.records.facts import RecipeFacts
from designspace.searching.continuing import resources_before
from designspace.searching.request import Request, Resources
from designspace.searching.resources import Asked
from designspace.searching.trials.trial_training import make_run
from designspace.spec.recipe.recipe import Recipe
from designspace.spec.space.space import Space
from designspace.training.data_facts import data_facts

Choose = Callable[[Asked, Resources | None], Resources]
"""Function that chooses the resources per trial, from the caller's and the study's earlier ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """A search as a caller describes it; the fields are those of `designspace.search`.

    Attributes:
        space: Space, around its recipe if that varies.
        recipe: Recipe, with its changes applied.
        data: Source of the images; None for the packaged set.
        trials: Total number of trials, earlier ones included.
        seed: Seed of the proposals and of every training.
        study: Directory of the study; None for one named after space, recipe and data.
        proposer: `tpe` or `random`.
        scheduler: `asha` or `none`.
        eta: Factor of ASHA: the best 1/eta of a rung continue.
        asked: Device, GPUs and CPUs of a trial, and the executor.
        download: Whether torchvision may download missing data.
        skip_broken: Whether unreadable images are left out.
        retest: Whether a new winner is tested even if the test split was read before.
        keep_checkpoints: Whether checkpoints are kept that nothing needs any more.
        command: Command line or call, for the record.
    """

    space: Space
    recipe: Recipe
    data: str | None = None
    trials: int = 16
    seed: int = 0
    study: Path | None = None
    proposer: Literal["tpe", "random"] = "tpe"
    scheduler: Literal["asha", "none"] = "asha"
    eta: int = 2
    asked: Asked = field(default_factory=Asked)
    download: bool = False
    skip_broken: bool = False
    retest: bool = False
    keep_checkpoints: bool = False
    command: tuple[str, ...] = ()

    def prepared(self, choose: Choose) -> tuple[Request, Data]:
        """Read the data, and return the complete request with them.

        Raises:
            InputError: The data cannot be read, or a requested GPU is not available.
        """
        load: dict[str, Any] = {
            "source": self.data,
            "val_fraction": self.recipe.val_fraction,
            "image_size": decoding_size(self.space.base_network(), self.recipe),
            "skip_broken": self.skip_broken,
        }
        self.asked.require()
        images = load_data(**load, download=self.download)
        directory = self.study or study_home(self.space, self.recipe, images)
        facts = data_facts(images, {**load, "source": located(self.data)}, self.recipe)
        request = Request(
            directory=directory,
            space=self.space,
            recipe=RecipeFacts.of(self.recipe),
            data=facts,
            factory=make_run,
            trials=self.trials,
            seed=self.seed,
            proposer=self.proposer,
            scheduler=self.scheduler,
            eta=self.eta,
            executor="local" if self.asked.executor == "local" else "ray",
            resources=choose(self.asked, resources_before(directory)),
            command=self.command,
            retest=self.retest,
            keep_checkpoints=self.keep_checkpoints,
        )
        return request, images


def with_recipe(
    space: Space, source: str | Path | None, changes: dict[str, Any]
) -> tuple[Space, Recipe]:
    """Return the recipe of a search, and the space around it if the recipe varies.

    Args:
        space: Space, which may name its own recipe.
        source: Name or file of a recipe; None for the space's own, else `demo`.
        changes: Changes to the recipe, values by dotted path.

    Raises:
        InputError: There is no such recipe, or a change or a choice of the space is wrong.
    """
    from designspace.spec.recipe.recipe import load_recipe
    from designspace.spec.space.load_space import with_recipe as around

    recipe = load_recipe(source or space.authored.get("recipe") or "demo", changes)
    return (around(space, recipe) if space.recipe_axes else space), recipe
