"""A small search in which one trial breaks CUDA the first time: `STUDY DATA ray|local`.

Prints how many trials ended in which state. Run from the point `sticky`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from designspace.errors import DesignspaceError
from designspace.images.data import load_data
from designspace.records.facts import RecipeFacts
from designspace.sampling.space import load_space
from designspace.searching.request import Request, Resources
from designspace.searching.study import run_study
from designspace.searching.trials.trainable import Job, Trainee
from designspace.searching.trials.trial_training import make_run
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.data_facts import data_facts

VICTIM, TRIALS = 2, 8


def factory(job: Job) -> Trainee:
    """The real training; the victim's first attempt fails an assert on the GPU."""
    mark = job.directory / "broken"
    if job.directory.name.lstrip("0") == str(VICTIM) and not mark.exists():
        mark.touch()
        import torch

        torch.zeros(4, device="cuda")[torch.tensor([9], device="cuda")].sum().item()
    return make_run(job)


def main() -> None:
    study, source = sys.argv[1:3]
    recipe = load_recipe("demo", {"epochs": 1})
    load: dict[str, Any] = {"source": source}
    data = load_data(**load)
    request = Request(
        directory=Path(study), space=load_space("micro"), recipe=RecipeFacts.of(recipe),
        data=data_facts(data, load, recipe), factory=factory, trials=TRIALS, scheduler="none",
        executor="ray" if sys.argv[3] == "ray" else "local",
        resources=Resources(1, 0.5, "cuda"), test=False,
    )  # fmt: skip
    outcome = run_study(request)
    states = Counter(trial.state for trial in outcome.state.trials.values())
    print(json.dumps(states))
    raise SystemExit(outcome.exit_code)


if __name__ == "__main__":
    try:
        main()
    except DesignspaceError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(error.exit_code) from None
