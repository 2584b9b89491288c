"""From what a caller says to the request of a search: space, recipe, data, resources, directory."""

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
"""What each trial gets, from what the caller asks and what the study had before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """A search as a caller describes it; the fields are those of `designspace.search`.

    Attributes:
        space: The space, around its recipe where that varies.
        recipe: The recipe, with its changes made.
        data: Where the images are; None for the packaged set.
        trials: Trials in all, earlier ones included.
        seed: Of the proposals and of every training.
        study: The study's directory; None for one named after space, recipe and data.
        proposer: `tpe` or `random`.
        scheduler: `asha` or `none`.
        eta: ASHA lets the best 1/eta of a rung go on.
        asked: Device, GPUs and CPUs of a trial, and the executor.
        download: Whether torchvision may fetch what is not on disk.
        skip_broken: Whether unreadable images are left out.
        retest: Whether a new winner is tested where the test split was read before.
        keep_checkpoints: Whether checkpoints stay that nothing needs any more.
        command: What was called, for the record.
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
        """Read the data, and say in full what is to run.

        Raises:
            InputError: The data cannot be read, or a GPU is asked for that is not there.
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
    """The recipe of a search, and the space around it where it varies.

    Args:
        space: The space, which may name a recipe of its own.
        source: A recipe's name or file; None for the space's own, else `demo`.
        changes: Values by dotted path within the recipe.

    Raises:
        InputError: There is no such recipe, or a change or a choice of the space is wrong.
    """
    from designspace.spec.recipe.recipe import load_recipe
    from designspace.spec.space.load_space import with_recipe as around

    recipe = load_recipe(source or space.authored.get("recipe") or "demo", changes)
    return (around(space, recipe) if space.recipe_axes else space), recipe
