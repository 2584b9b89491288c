"""The request of an existing study, so that it resumes without repeated options."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.plugins.required import require
from designspace.records.difference import differing
from designspace.records.facts import RecipeFacts
from designspace.records.run import NAME
from designspace.records.study.study import META, StudyMeta, load_meta
from designspace.records.study.trial_names import parted_directory
from designspace.sampling.space import CountedSpace, load_space
from designspace.searching.request import Request, Resources
from designspace.searching.trials.trial_training import make_run
from designspace.spec.recipe.recipe import Recipe
from designspace.spec.space.load_space import with_recipe
from designspace.training.data_facts import data_facts


@dataclass(frozen=True, slots=True)
class Continued:
    """A study that is ready to resume.

    Attributes:
        request: Request for its driver, with the study's present total of trials.
        images: Data of the study, as read.
    """

    request: Request
    images: Data


def continued(directory: Path) -> Continued:
    """Read the settings of a study and its data.

    Raises:
        InputError: There is no study, something other than `search` started it, or its data are
            missing or changed.
    """
    meta = _meta(directory)
    file = str(directory / META)
    require(meta.plugins, file)
    recipe = _recipe(meta, file)
    space = _space(meta, recipe, file)
    images, load = _data(meta, file)
    rungs = meta.scheduler.rungs
    request = Request(
        directory=directory,
        space=space,
        recipe=RecipeFacts.of(recipe),
        data=data_facts(images, load, recipe),
        factory=make_run,
        trials=meta.trials,
        seed=meta.seed,
        proposer=cast("Any", meta.proposer),
        scheduler=meta.scheduler.kind,
        eta=meta.scheduler.eta,
        min_epochs=rungs[0] if rungs else None,
        executor=cast("Any", meta.executor),
        resources=resources_of(meta, file),
        command=tuple(meta.command),
    )
    return Continued(request, images)


def resources_of(meta: StudyMeta, file: str) -> Resources:
    """Return the resources of each trial of a study, as recorded when the study began.

    Raises:
        InputError: The study does not state its resources, or they are not valid.
    """
    where = meta.environment
    if "device" not in where:
        raise InputError(
            "the study does not record its device and resources", file=file, path="environment"
        )
    with _within("environment", file):
        cpus, gpus = where.get("cpus_per_trial", 1), where.get("gpus_per_trial", 0.0)
        if not (isinstance(cpus, int) and cpus > 0 and isinstance(gpus, int | float)):
            raise InputError(f"expected counts per trial (got {cpus} CPUs, {gpus} GPUs)")
        return Resources(cpus, float(gpus), str(where["device"]))


def resources_before(directory: Path) -> Resources | None:
    """Return the resources of each trial of a study; None if there is no study yet.

    Raises:
        InputError: The study does not state its resources, or they are not valid.
    """
    if not (directory / META).is_file():
        return None
    return resources_of(load_meta(directory), str(directory / META))


def _meta(directory: Path) -> StudyMeta:
    if (directory / NAME).is_file() and not (directory / META).is_file():
        trial = parted_directory(directory)
        what, again = "a run", "the same designspace train command continues it"
        if trial is not None:
            what, again = "a trial", f"designspace resume {trial[0]} continues its study"
        raise InputError(
            f"this directory holds {what}, not a study", file=str(directory), hint=again
        )
    meta = load_meta(directory)
    if not _loads(meta.data.load):
        tuning = meta.command[1:2] == ["train"]
        command = "train --tune" if tuning else "the program that began it"
        raise InputError(
            "the study does not record how its data is read",
            file=str(directory / META),
            path="data.load",
            hint=f"the same {command} continues it",
        )
    for path, words in (("proposer", ("tpe", "random")), ("executor", ("ray", "local"))):
        if getattr(meta, path) not in words:
            said = f"neither {' nor '.join(words)} (got '{getattr(meta, path)}')"
            raise InputError(said, file=str(directory / META), path=path)
    return meta


def _loads(load: Mapping[str, Any]) -> bool:
    """Return whether these are arguments of `load_data`."""
    known = signature(load_data).parameters.keys()
    return "source" in load and known >= load.keys()


@contextmanager
def _within(part: str, file: str) -> Generator[None]:
    """Report an error in a part of the study's file with that file and the path in it."""
    try:
        yield
    except InputError as error:
        path = f"{part}.{error.path}" if error.path else part
        raise InputError(error.message, file=file, path=path, hint=error.hint) from None


def _recipe(meta: StudyMeta, file: str) -> Recipe:
    with _within("recipe.full", file):
        recipe = meta.recipe.load()
    if recipe.digest != meta.recipe.digest:
        raise _other("recipe", differing(meta.recipe.full, recipe.plain()), file)
    return recipe


def _space(meta: StudyMeta, recipe: Recipe, file: str) -> CountedSpace:
    with _within("space.authored", file):
        space = load_space({"name": meta.space.name, **meta.space.authored})
        if space.recipe_axes:
            space = with_recipe(space, recipe)
    if space.digest != meta.space.digest:
        raise _other("space", differing(meta.space.authored, space.authored), file)
    return space


def _other(part: str, told: str, file: str) -> InputError:
    """Return the error for a part that is read differently than it was written."""
    return InputError(
        f"the {part} has changed since it was written ({told or 'its digest differs'})",
        file=file, path=part, hint="it was edited by hand or written by another version",
    )  # fmt: skip


def _data(meta: StudyMeta, file: str) -> tuple[Data, dict[str, Any]]:
    """Return the images, and the arguments that load them again."""
    load = dict(meta.data.load)
    try:
        images = load_data(**load)
    except InputError as error:
        raise InputError(
            f"the data of the study cannot be read ({error})", file=file, path="data.load.source",
            hint="put the data back, or repeat the search command with the new --data and the "
                "same --study",
        ) from None  # fmt: skip
    if images.digest != meta.data.digest:
        new = data_facts(images, load, _recipe(meta, file))
        pair = meta.data.model_dump(), new.model_dump()
        told = differing(*pair, "digest", "notes") or "same counts, different content"
        raise InputError(
            f"the data changed since the study began ({told})", file=file, path="data",
            hint="restore the data, or start a new study",
        )  # fmt: skip
    return images, load
