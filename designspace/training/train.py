"""One training in its own directory: start it, resume it, or read it back if it is over."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from designspace.compiler.arithmetic import fast_settings
from designspace.compiler.device import device_name, device_of
from designspace.errors import DesignspaceError, DivergedError, InputError, MachineError
from designspace.failures.memory import memory_advice
from designspace.failures.words import failure_words, machine_failure
from designspace.images.sources import portable
from designspace.plugins import blamed
from designspace.records.difference import differing
from designspace.records.environment import environment
from designspace.records.facts import (
    DataFacts,
    DeviceFacts,
    InitialFacts,
    RecipeFacts,
    SpecFacts,
)
from designspace.records.places import require_run_place
from designspace.records.run import (
    NAME,
    Attempt,
    Ending,
    Record,
    Selection,
    find_record,
    now,
    write_record,
)
from designspace.records.study.kept_files import WEIGHTS, remove_checkpoints
from designspace.records.training import Divergence, Epoch
from designspace.records.tuning import Tuning
from designspace.spec.documents.document import writing
from designspace.training.data_facts import data_facts
from designspace.training.distributed import cause
from designspace.training.run import Run
from designspace.training.state.pretrained import Initial
from designspace.weights import save_weights

EpochDone = Callable[[Epoch], None]
StepDone = Callable[[int, int], None]
GOES_ON = "the same command continues from its last checkpoint"
STARTS_ANEW = (
    "fix the plug-in and start in another directory (--out or --study): a changed plug-in is "
    "another training"
)


def train(
    run: Run,
    on_epoch: EpochDone,
    on_step: StepDone | None = None,
    *,
    command: Sequence[str] = (),
    tuning: Tuning | None = None,
    keep_checkpoints: bool = False,
) -> Record:
    """Train to the end of the recipe, from the state in the directory, then test once.

    At the end the directory holds `record.json`, `metrics.csv` and `weights.safetensors`. The
    record is written at the start and states the run's progress at any time. A run that is
    complete, or that diverged, is not trained again: its record is read back.

    Args:
        run: Run to train; its directory may hold an earlier part of it.
        on_epoch: Callback after each epoch; the epochs of an earlier part come first.
        on_step: Callback after each step, with the steps done and the steps of an epoch.
        command: Command line, for the record.
        tuning: Origin of tuned values of the recipe, for the record.
        keep_checkpoints: Whether checkpoints stay when the run is over.

    Returns:
        The record of the run, which is complete or diverged.

    Raises:
        InputError: The directory holds another run, or the disk is full.
        KeyboardInterrupt: The run was interrupted; the record says so.
        MachineError: Memory ran out, or this process lost its GPU; the record says so.
        DesignspaceError: The training failed in another way; its traceback is in `stderr.txt` in
            the directory, and the record says so.
    """
    record = _earlier(run)
    if record is not None and record.over:
        for epoch in record.epochs:
            on_epoch(epoch)
    else:
        record = _trained(run, _resumed(run, record, command, tuning), on_epoch, on_step)
    if run.group.leads and not keep_checkpoints:
        remove_checkpoints(run.directory)
    return record


def _resumed(
    run: Run, there: Record | None, command: Sequence[str], tuning: Tuning | None
) -> Record:
    run.resume()
    if run.fallback and run.group.leads:
        sys.stderr.write(f"{run.directory}: {run.fallback}\n")
    return _with(run, _begun(run, there, command, tuning))


def _trained(run: Run, record: Record, on_epoch: EpochDone, on_step: StepDone | None) -> Record:
    try:
        for epoch in run.history:
            on_epoch(epoch)
        while run.epoch < run.epochs:
            epoch = run.train_epoch(on_step)
            record = _with(run, record)
            on_epoch(epoch)
        test = run.test()
        if run.group.leads:
            save_weights(run.trained, run.spec, run.directory / WEIGHTS, **facts(run))
        return _with(run, record, test=test, ended=now(), outcome=Ending(state="complete"))
    except DivergedError as error:
        diverged = Ending(state="diverged", divergence=Divergence.of(error))
        return _with(run, record, ended=now(), outcome=diverged)
    except KeyboardInterrupt:
        _with(run, record, outcome=Ending(state="interrupted"))
        raise
    except Exception as error:  # the record states every failure
        failed = _failed(run, record, error)
        if failed is error:  # an error raised from itself would be a loop of causes
            raise
        raise failed from error


def _failed(run: Run, record: Record, error: Exception) -> DesignspaceError:
    """Record a failure and return the error to raise.

    Its message is one line. If the failure is neither the machine's nor an error of ours, the
    traceback goes to a file.
    """
    advice = memory_advice(run.recipe.plain(), processes=run.group.world)
    machine = machine_failure(error, advice)
    alone = run.group.world == 1
    said = machine or (failure_words(error) if alone else cause(run.group, error))
    with contextlib.suppress(InputError):  # if the disk is full, the error says enough
        _with(run, record, outcome=Ending(state="failed", error=said))
    if machine is None and isinstance(error, DesignspaceError):
        return error
    done = f"{run.directory}: the training failed after epoch {run.epoch}: {said}"
    if machine is not None:
        return MachineError(f"{done}; {GOES_ON}")
    next_step = STARTS_ANEW if blamed(error) else GOES_ON
    return DesignspaceError(f"{done}; the traceback is in {_traced(run, error)}; {next_step}")


def _traced(run: Run, error: Exception) -> Path:
    """Append the traceback to `stderr.txt` of the run and return its path."""
    path = run.directory / "stderr.txt"
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(f"after epoch {run.epoch}\n{''.join(traceback.format_exception(error))}\n")
    return path


def facts(run: Run) -> dict[str, Any]:
    """Return the facts that users of the weights need: classes, input and origin."""
    return {
        "num_classes": run.data.num_classes,
        "in_channels": run.data.channels,
        "classes": run.data.classes,
        "input": {
            "size": run.view.size,
            "mean": run.view.mean,
            "std": run.view.std,
            **run.view.test.model_dump(),
            **_license(run.initial),
        },
        "recipe": run.recipe.digest,
        "precision": run.recipe.precision,
        "data": run.data.digest,
        "data_load": portable(run.data.load),
        "seed": run.seed,
    }


def _license(initial: Initial | None) -> dict[str, str]:
    """Return the license of the initial weights, which also covers the trained ones."""
    known = initial and initial.weights.license
    return {"license": known} if known else {}


def _with(run: Run, record: Record, **changes: Any) -> Record:
    """Return the record with the run's epochs and further changes; one process writes it."""
    skipped = tuple(dict.fromkeys((*record.data.skipped, *run.skipped)))
    data = record.data.model_copy(update={"skipped": skipped})
    now_known = {"epochs": tuple(run.history), "data": data, **changes}
    changed = record.model_copy(update=now_known)
    if run.group.leads:
        write_record(run.directory, changed)
    return changed


def _earlier(run: Run) -> Record | None:
    """Return the record in the directory, which must be of this run; None if there is none yet."""
    require_run_place(run.directory)
    there = find_record(run.directory)
    if there is None:
        return None
    found = _differences(there, run)
    if found:
        raise InputError(
            f"this directory holds a run that differs in {' and '.join(found)}",
            file=str(run.directory / NAME),
            hint="choose another directory with --out",
        )
    return there


def _differences(there: Record, run: Run) -> list[str]:
    """List the parts of the training that differ from the record, each with its values."""
    old, new = there.data, _data(run)
    spec, recipe, begun = SpecFacts.of(run.spec), RecipeFacts.of(run.recipe), _initial(run)
    pairs = {
        "spec": (there.spec, spec, there.spec.authored, spec.authored),
        "recipe": (there.recipe, recipe, there.recipe.full, recipe.full),
        "data": (old, new, old.model_dump(), new.model_dump()),
    }
    found = [
        f"{part} "
        f"({differing(was, now, 'digest', 'notes', 'skipped') or 'same name, different content'})"
        for part, (before, after, was, now) in pairs.items()
        if before.digest != after.digest
    ]
    if there.spec.plugins != spec.plugins:
        found.append(f"plug-in ({differing(there.spec.plugins, spec.plugins)})")
    if there.seed != run.seed:
        found.append(f"seed ({there.seed} there, {run.seed} here)")
    if (there.initial and there.initial.digest) != (begun and begun.digest):
        was, now = [each.model_dump() if each else {} for each in (there.initial, begun)]
        found.append(f"initial weights ({differing(was, now)})")
    return found


def _initial(run: Run) -> InitialFacts | None:
    begun = run.initial
    return begun and InitialFacts(name=begun.weights.name, digest=begun.digest)


def _begun(run: Run, there: Record | None, command: Sequence[str], tuning: Tuning | None) -> Record:
    """Return a new record, or the existing one with a further attempt."""
    attempt = _attempt(run, command)
    if there is not None:
        running = {"attempts": (*there.attempts, attempt), "outcome": Ending(state="running")}
        return there.model_copy(update=running)
    recipe = run.recipe
    return Record(
        name=run.directory.name,
        spec=SpecFacts.of(run.spec),
        recipe=RecipeFacts.of(recipe),
        learning_rate=recipe.learning_rate,
        batch_size=recipe.batch_size,
        data=_data(run),
        input_size=run.view.size,
        seed=run.seed,
        initial=_initial(run),
        selection=Selection.of(recipe),
        tuning=tuning,
        attempts=(attempt,),
    )


def _data(run: Run) -> DataFacts:
    facts = data_facts(run.data, run.data.load, run.recipe)
    return facts.model_copy(update={"notes": run.notes, "skipped": run.skipped})


def _attempt(run: Run, command: Sequence[str]) -> Attempt:
    device = device_of(run.device)
    return Attempt(
        started=now(),
        after_epochs=run.epoch,
        command=tuple(command),
        device=DeviceFacts(
            kind=device.type, name=device_name(device), threads=torch.get_num_threads()
        ),
        processes=run.group.world,
        compiled=run.compiled,
        environment=environment() | fast_settings(device),
        notes=(run.fallback,) if run.fallback else (),
    )
