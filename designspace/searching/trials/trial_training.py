"""The training of a job inside a worker; data are loaded at most once per process."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from designspace.errors import InputError
from designspace.failures.memory import share_memory
from designspace.plugins import adopt
from designspace.searching.starting.offered import offered
from designspace.searching.trials.trainable import Job, Trainee
from designspace.spec.network.load import load

if TYPE_CHECKING:
    from designspace.images.data import Data


def make_run(job: Job) -> Trainee:
    """Return the training that a job describes.

    Raises:
        InputError: The data are not the data that the study began with.
    """
    import torch

    for plugin in job.plugins:
        adopt(plugin)
    torch.set_num_threads(job.threads)
    arguments = job.data.load
    data = offered(arguments) or _loaded(json.dumps(arguments, sort_keys=True))
    if data.digest != job.data.digest:
        raise InputError(f"the data {data.name} changed since the study began")
    return run_of(job, data)


def run_of(job: Job, data: Data) -> Trainee:
    """Return the training that a job describes, on data that are already loaded."""
    from designspace.searching.trials.trial_run import TrialRun
    from designspace.training.run import Run

    share_memory(job.gpus, job.device)
    run = Run(
        load(job.spec.authored),
        job.recipe.load(),
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
