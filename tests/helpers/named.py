"""A real study of a few trainings of a fraction of a second, with the weights of what finished."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from designspace.images.data import load_data
from designspace.records.facts import RecipeFacts, SpecFacts
from designspace.records.study.kept_files import WEIGHTS
from designspace.records.study.study import load_study
from designspace.sampling.space import load_space
from designspace.searching.request import Request
from designspace.searching.study import run_study
from designspace.searching.trials.trainable import Job
from designspace.searching.trials.trial_training import run_of
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.data_facts import data_facts
from designspace.training.run import Run
from designspace.training.train import facts
from designspace.weights import save_weights
from tests.helpers.trainings import SHORT, npz, tiny_net

RATES = [0.003, 1e30]
"""Learning rates of the study's recipes: one that learns, and one that diverges."""


def make_study(folder: Path) -> Path:
    """Make a study `runs/demo` of eight trials: some are complete, some stopped, some diverged."""
    source = str(npz(folder))
    data = load_data(source)
    space = load_space(
        {
            "name": "tiny",
            "base": tiny_net().authored,
            "recipe": load_recipe("demo", {**SHORT, "grad_clip": None}).plain(),
            "axes": {
                "kernel": {"path": "block.spatial.kernel_size", "choices": [3, 5, 7]},
                "act": {"path": "act", "choices": ["relu", "gelu"]},
                "lr": {"path": "recipe.optimizer.lr", "choices": RATES},
            },
        }
    )
    directory = folder / "runs" / "demo"
    request = Request(
        directory=directory,
        space=space,
        recipe=RecipeFacts.of(space.recipe_spec({})),
        data=data_facts(data, {"source": source}, space.recipe_spec({})),
        factory=partial(run_of, data=data),
        trials=8,
        proposer="random",
        executor="local",
        min_epochs=1,
        seed=3,
    )
    run_study(request)
    for trial in load_study(directory).state.trials.values():
        place = directory / "trials" / str(trial.number)
        if trial.state != "complete" or (place / WEIGHTS).is_file():
            continue
        point = trial.point
        job = Job(
            spec=SpecFacts.of(space.spec(point)),
            recipe=request.recipe_of(point),
            data=request.data,
            seed=3,
            device="cpu",
            threads=1,
            directory=place,
        )
        run = run_of(job, data)
        assert isinstance(run, Run)
        run.resume()
        save_weights(run.trained, run.spec, place / WEIGHTS, **facts(run))
    return directory


def numbers(directory: Path, state: str) -> list[int]:
    """The numbers of the trials in a state."""
    trials = load_study(directory).state.trials.values()
    return [trial.number for trial in trials if trial.state == state]
