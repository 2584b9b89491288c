"""The weights of a finished training: written with the facts their users need, and read back."""

from __future__ import annotations

from typing import Any

from designspace.errors import InputError
from designspace.records.study.kept_files import WEIGHTS
from designspace.training.run import Run
from designspace.training.train import facts
from designspace.weights import load_weights, read_weights, save_weights


def keep(run: Run, **about: Any) -> None:
    """Write the weights of a run beside its checkpoint, completely or not at all.

    The file holds the facts that the weights of every run have, the number of epochs and the
    validation top-1 [%].

    Args:
        run: Run that has done all of its epochs.
        about: Further facts, such as the study and the trial.

    Raises:
        InputError: The disk is full or not writable.
    """
    assert run.epoch == run.epochs, "only a finished training keeps weights"
    further: dict[str, Any] = {
        "epochs": run.epochs,
        "validation_top1": run.history[-1].top1,
        **about,
    }
    save_weights(run.trained, run.spec, run.directory / WEIGHTS, **facts(run), **further)


def restore(run: Run) -> bool:
    """Load the kept weights into the network of a run that will be measured.

    Returns:
        True if weights were loaded; False if the directory has none.

    Raises:
        InputError: The file is broken, or its weights belong to another run.
    """
    path = run.directory / WEIGHTS
    if not path.exists():
        return False
    try:
        _load(run)
    except InputError as error:
        raise InputError(
            f"these are not the weights of this training ({error.message})",
            file=str(path),
            hint="delete the file; the same command then trains it again",
        ) from None
    return True


def _load(run: Run) -> None:
    weights = read_weights(run.directory / WEIGHTS)
    wanted = facts(run) | {"digest": run.spec.digest}
    for name in ("digest", "recipe", "data", "seed"):
        if weights.facts.get(name) != wanted[name]:
            raise InputError(f"{name} {weights.facts.get(name)} there, {wanted[name]} here")
    load_weights(run.trained, weights, classifier="match")
