"""From a job to the real training, inside a worker; data are loaded once per process at most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from designspace.errors import InputError
from designspace.failures.memory import share_memory
from designspace.plugins import adopt
from designspace.searching.starting.offered import offered
from designspace.searching.trials.trainable import Job, Trainee
from designspace.spec.network.load import load
from designspace.spec.recipe.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from designspace.images.data import Data


def make_run(job: Job) -> Trainee:
    """The training that a job describes.

    Raises:
        InputError: The data are not those that the study was started with.
    """
    import torch

    for plugin in job.plugins:
        adopt(plugin)
    torch.set_num_threads(job.threads)
    load_arguments = job.data["load"]
    data = offered(load_arguments) or _loaded(json.dumps(load_arguments, sort_keys=True))
    if data.digest != job.data["digest"]:
        raise InputError(f"the data {data.name} changed since the study began")
    return run_of(job, data)


def run_of(job: Job, data: Data) -> Trainee:
    """The training that a job describes, on data that are loaded already."""
    from designspace.searching.trials.trial_run import TrialRun
    from designspace.training.run import Run

    share_memory(job.gpus, job.device)
    recipe = {key: value for key, value in job.recipe.items() if key != "digest"}
    run = Run(
        load(dict(job.spec)),
        load_recipe(recipe),
        data,
        seed=job.seed,
        device=job.device,
        directory=job.directory,
    )
    return TrialRun(run, job.about)


@lru_cache(maxsize=1)
def _loaded(arguments: str) -> Data:
    from designspace.images.data import load_data

    return load_data(**json.loads(arguments))


def data_facts(data: Data, load: Mapping[str, Any], recipe: Recipe) -> dict[str, Any]:
    """The `data` of a request: identity, shape and counts, and the arguments that load it again.

    `image_size` is the side at which networks see the images where it is not their own choice.
    """
    return {
        "name": data.name,
        "digest": data.digest,
        "num_classes": data.num_classes,
        "classes": list(data.classes),
        "channels": data.channels,
        "image_size": recipe.input_size or data.image_size,
        "train": len(data.train),
        "val": len(data.val),
        "test": len(data.test),
        "notes": list(data.notes),
        "skipped": [one.file for one in data.skipped],
        "load": dict(load),
    }


def recipe_facts(recipe: Recipe) -> dict[str, Any]:
    """The `recipe` of a request: the recipe in full, with its digest."""
    return {**recipe.model_dump(mode="json"), "digest": recipe.digest}
