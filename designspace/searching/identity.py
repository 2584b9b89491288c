"""The description of a study, made from a request and compared with an existing directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from designspace.errors import InputError
from designspace.plugins import active
from designspace.plugins.required import require
from designspace.records.difference import differing
from designspace.records.environment import environment
from designspace.records.facts import SpaceFacts
from designspace.records.study.study import META, StudyMeta
from designspace.searching.request import Request

_SAME = "same name, different content"


def describe(request: Request) -> StudyMeta:
    """Return the `study.yaml` of a new study."""
    return StudyMeta(
        name=request.directory.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=list(request.command),
        space=SpaceFacts.of(request.space),
        recipe=request.recipe,
        data=request.data,
        seed=request.seed,
        trials=request.trials,
        proposer=request.proposer,
        scheduler=request.rules,
        executor=request.executor,
        environment=_environment(request),
        plugins={plugin.name: plugin.sha256 for plugin in active().values()},
    )


def _environment(request: Request) -> dict[str, Any]:
    resources = request.resources
    return {
        **environment(),
        "device": resources.device,
        **_gpu(resources.device),
        "cpus_per_trial": resources.cpus,
        "gpus_per_trial": resources.gpus,
    }


def _gpu(device: str) -> dict[str, Any]:
    """Return the driver's own GPU and its arithmetic settings, if the trials use such a device."""
    if device == "cpu":
        return {}
    import torch

    if not torch.cuda.is_available():  # a cluster's GPU, which only the workers see
        return {}
    from designspace.compiler.arithmetic import fast_settings
    from designspace.compiler.device import device_name, device_of

    gpu = device_of(device)
    return {"gpu": device_name(gpu), **fast_settings(gpu)}


def check_same(directory: Path, old: StudyMeta, new: StudyMeta) -> None:
    """Check that a request describes the study in a directory.

    Raises:
        InputError: Something differs; the message names all differences.
    """
    require(old.plugins, str(directory / META))
    differing = _differing(old, new)
    if differing:
        raise InputError(
            f"this directory holds a study that differs in {' and '.join(differing)}",
            file=str(directory / META),
            hint="use another directory, or repeat the command that created this study",
        )
    if new.trials < old.trials:
        raise InputError(
            f"the study here has {old.trials} trials, but {new.trials} are requested",
            file=str(directory / META),
            path="trials",
            hint="the total can only be raised",
        )


def _differing(old: StudyMeta, new: StudyMeta) -> list[str]:
    found: list[str] = []
    if old.space.digest != new.space.digest:
        found.append(_in_space(old.space, new.space))
    if old.recipe.digest != new.recipe.digest:
        told = differing(old.recipe.full, new.recipe.full)
        found.append(f"recipe ({told or _SAME})")
    if old.data.digest != new.data.digest:
        was, now = old.data.model_dump(), new.data.model_dump()
        told = differing(was, now, "digest", "notes", "skipped")
        found.append(f"data ({told or _SAME})")
    for part in ("seed", "proposer"):
        was, now = getattr(old, part), getattr(new, part)
        if was != now:
            found.append(f"{part} ({was} there, {now} here)")
    if old.scheduler != new.scheduler:
        found.append(f"scheduler ({_rules(old)} there, {_rules(new)} here)")
    return found


def _in_space(old: SpaceFacts, new: SpaceFacts) -> str:
    """Return the differing parts of the space and their values; either side may lack a part."""
    named = differing({"name": old.name}, {"name": new.name})
    told = differing(old.authored, new.authored, "name", "purpose")
    return f"space ({'; '.join(filter(None, (named, told))) or _SAME})"


def _rules(meta: StudyMeta) -> str:
    rules = meta.scheduler
    return f"{rules.kind} {list(rules.rungs)}" if rules.kind == "asha" else rules.kind
