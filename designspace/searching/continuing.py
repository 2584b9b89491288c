"""A request from what a study holds, so that it goes on without its options being repeated."""

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
from designspace.records.run import NAME
from designspace.records.study.study import META, StudyMeta, load_meta
from designspace.sampling.space import CountedSpace, load_space
from designspace.searching.request import Request, Resources
from designspace.searching.trials.trial_training import data_facts, make_run, recipe_facts
from designspace.spec.recipe.recipe import Recipe, load_recipe
from designspace.spec.space.load_space import with_recipe


@dataclass(frozen=True, slots=True)
class Continued:
    """A study that can go on.

    Attributes:
        request: What its driver needs, with the total of trials that it has.
        images: The data, as they were read.
    """

    request: Request
    images: Data


def continued(directory: Path) -> Continued:
    """Read everything that a study was begun with, and its data.

    Raises:
        InputError: There is no study, it was begun by something else than `search`, or its data
            are missing or changed.
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
        recipe=recipe_facts(recipe),
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
    """What each trial of a study gets, as it was written when the study began.

    Raises:
        InputError: The study does not say it, or it is not valid.
    """
    where = meta.environment
    if "device" not in where:
        raise InputError("the study does not say on what it runs", file=file, path="environment")
    with _within("environment", file):
        cpus, gpus = where.get("cpus_per_trial", 1), where.get("gpus_per_trial", 0.0)
        if not (isinstance(cpus, int) and cpus > 0 and isinstance(gpus, int | float)):
            raise InputError(f"expected counts per trial (got {cpus} CPUs, {gpus} GPUs)")
        return Resources(cpus, float(gpus), str(where["device"]))


def resources_before(directory: Path) -> Resources | None:
    """What each trial of a study gets; None where there is no study yet.

    Raises:
        InputError: The study does not say it, or it is not valid.
    """
    if not (directory / META).is_file():
        return None
    return resources_of(load_meta(directory), str(directory / META))


def _meta(directory: Path) -> StudyMeta:
    if (directory / NAME).is_file() and not (directory / META).is_file():
        raise InputError(
            "this directory holds a run, not a study",
            file=str(directory),
            hint="the same designspace train command goes on with it",
        )
    meta = load_meta(directory)
    if not _loads(meta.data.get("load")):
        tuning = meta.command[1:2] == ["train"]
        command = "train --tune" if tuning else "the program that began it"
        raise InputError(
            "the study does not say how its data are read",
            file=str(directory / META),
            path="data.load",
            hint=f"the same {command} goes on with it",
        )
    for path, words in (("proposer", ("tpe", "random")), ("executor", ("ray", "local"))):
        if getattr(meta, path) not in words:
            said = f"neither {' nor '.join(words)} (got '{getattr(meta, path)}')"
            raise InputError(said, file=str(directory / META), path=path)
    return meta


def _loads(load: object) -> bool:
    """Whether these are arguments of `load_data`."""
    known = signature(load_data).parameters.keys()
    return isinstance(load, dict) and "source" in load and known >= load.keys()


@contextmanager
def _within(part: str, file: str) -> Generator[None]:
    """What is wrong in a part of the study's file is said of that file."""
    try:
        yield
    except InputError as error:
        path = f"{part}.{error.path}" if error.path else part
        raise InputError(error.message, file=file, path=path, hint=error.hint) from None


def _recipe(meta: StudyMeta, file: str) -> Recipe:
    written = {key: value for key, value in meta.recipe.items() if key != "digest"}
    with _within("recipe", file):
        recipe = load_recipe(written)
    _require_same(meta.recipe, recipe_facts(recipe), "recipe", file)
    return recipe


def _space(meta: StudyMeta, recipe: Recipe, file: str) -> CountedSpace:
    written = {key: value for key, value in meta.space.items() if key != "digest"}
    with _within("space", file):
        space = load_space(written)
        if space.recipe_axes:
            space = with_recipe(space, recipe)
    _require_same(meta.space, {**space.authored, "digest": space.digest}, "space", file)
    return space


def _require_same(was: Mapping[str, Any], now: Mapping[str, Any], part: str, file: str) -> None:
    """What is read must be what was written: a later version may understand it otherwise."""
    if was.get("digest") == now["digest"]:
        return
    told = differing(was, now, "digest") or "its digest is another one"
    raise InputError(
        f"the {part} does not read as it was written ({told})", file=file, path=part,
        hint="it was changed by hand, or written by another version",
    )  # fmt: skip


def _data(meta: StudyMeta, file: str) -> tuple[Data, dict[str, Any]]:
    """The images, and the arguments that load them again."""
    load: dict[str, Any] = dict(meta.data["load"])
    try:
        images = load_data(**load)
    except InputError as error:
        raise InputError(
            f"the data of the study cannot be read ({error})", file=file, path="data.load.source",
            hint="put them back, or repeat the search command with their new --data and --study",
        ) from None  # fmt: skip
    if images.digest != meta.data.get("digest"):
        new = data_facts(images, load, _recipe(meta, file))
        told = differing(meta.data, new, "digest", "notes") or "the same counts, other content"
        raise InputError(
            f"the data changed since the study began ({told})", file=file, path="data",
            hint="restore them, or begin a new study",
        )  # fmt: skip
    return images, load
