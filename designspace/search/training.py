"""The usual trainee of a study: a run of the train room, made inside a worker."""

from __future__ import annotations

from functools import lru_cache

from designspace.search.trainee import Job
from designspace.spec import load
from designspace.spec.recipe import load_recipe
from designspace.train.data import Data, load_data
from designspace.train.run import Run


def training(job: Job) -> Run:
    """The run of a job. A worker process reads its data once, however many trials it gets."""
    import torch

    torch.set_num_threads(job.threads)
    recipe = load_recipe(job.recipe)
    data = _data(job.data["source"], recipe.val_fraction, job.data["decode_size"])
    return Run(
        load(job.spec), recipe, data, seed=job.seed, device=job.device, directory=job.directory
    )


@lru_cache(maxsize=1)
def _data(source: str | None, val_fraction: float, decode_size: int | None) -> Data:
    return load_data(source, val_fraction=val_fraction, image_size=decode_size)
