"""One training in a directory of its own: begun, resumed, or found complete."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from designspace.errors import InputError
from designspace.records.environment import environment
from designspace.records.training import Epoch, Score
from designspace.spec.files import read_yaml, write_text_atomic, write_yaml_atomic
from designspace.train.run import Run
from designspace.weights import save_weights

META = "run.yaml"
RESULT = "result.json"
WEIGHTS = "weights.safetensors"
_IDENTITY = ("spec", "recipe", "data", "seed")

EpochDone = Callable[[Epoch], None]
StepDone = Callable[[int, int], None]


def train(run: Run, on_epoch: EpochDone, on_step: StepDone | None = None) -> Score:
    """Train to the end of the recipe from wherever the directory stands, then test once.

    What is there at the end: `run.yaml`, `metrics.csv`, `weights.safetensors` and `result.json`
    beside the checkpoint. A complete run is not touched: its result is read back.

    Args:
        run: The training; its directory may hold an earlier part of it.
        on_epoch: Called after each epoch, those of an earlier part first.
        on_step: Called after each step with the steps done and the steps of an epoch.

    Raises:
        InputError: The directory holds another run, or the disk is full.
        DivergedError: The loss is not finite.
    """
    if run.group.leads:
        _claim(run)
    run.resume()
    for epoch in run.history:
        on_epoch(epoch)
    while run.epoch < run.epochs:
        on_epoch(run.train_epoch(on_step))
    result = run.directory / RESULT
    if result.is_file():
        return Score.model_validate(json.loads(result.read_text())["test"])
    score = run.test()
    if not run.group.leads:
        return score
    save_weights(run.trained, run.spec, run.directory / WEIGHTS, **facts(run))
    last = run.history[-1]
    both = {"validation": last.model_dump(), "test": score.model_dump()}
    write_text_atomic(result, json.dumps(both, indent=2) + "\n")
    return score


def facts(run: Run) -> dict[str, Any]:
    """What one needs beside the weights to use them: classes, input, and where they come from."""
    return {
        "num_classes": run.data.num_classes,
        "in_channels": run.data.channels,
        "classes": run.data.classes,
        "input": {
            "size": run.view.size,
            "mean": run.view.mean,
            "std": run.view.std,
            **run.view.test.model_dump(),
        },
        "recipe": run.recipe.digest,
        "data": run.data.digest,
        "seed": run.seed,
    }


def _claim(run: Run) -> None:
    """Write what the run is, or see that the directory's run is this one."""
    path = run.directory / META
    meta = {
        "spec": run.spec.digest,
        "recipe": run.recipe.digest,
        "data": run.data.digest,
        "seed": run.seed,
        "network": run.spec.authored,
        "recipe_in_full": run.recipe.plain(),
        "data_name": run.data.name,
        "notes": list(run.data.notes),
        "input_size": run.view.size,
        "device": run.device,
        "processes": run.group.world,
        "environment": environment(),
    }
    if not path.is_file():
        write_yaml_atomic(path, meta)
        return
    there: Any = read_yaml(path).data
    differing = [name for name in _IDENTITY if there.get(name) != meta[name]]
    if differing:
        raise InputError(
            f"the run there has another {' and another '.join(differing)}",
            file=str(path),
            hint="take another directory with --out",
        )
