"""Cache keys: digests of everything that a cached result depends on, including the program."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from designspace.sampling.task import Task
from designspace.spec.network.families import families
from designspace.spec.space.axis import Axis

_FORMAT = 1  # version of the cached files; a new number invalidates them all
ROOT = Path(__file__).parents[2]
ROOMS = ("blocks", "costing", "layers", "mixers", "sampling", "spec")


def key_of(axes: Mapping[str, Axis], base: Any, task: Task, *more: Any) -> str | None:
    """Return the key of a result of axes, a base, a task and perhaps more.

    None if the result may depend on something else: on a kind from outside the package, or on data
    that are not plain.
    """
    program = _program()
    if program is None:
        return None
    choices = {name: axis.model_dump(mode="json") for name, axis in axes.items()}
    whole = [_FORMAT, program, choices, base, asdict(task), *more]
    try:
        text = json.dumps(whole)  # keep the order, because it numbers labels and networks
    except (TypeError, ValueError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


def _program() -> list[str] | None:
    """Return numpy's version and a digest of the source; None with kinds from outside."""
    kinds = (kind for registry in families().values() for kind in registry.values())
    if any(not kind.__module__.startswith("designspace.") for kind in kinds):
        return None
    return [np.__version__, _source()]


@cache
def _source() -> str:
    """Return a digest of the rooms that matter; a version would not change within a checkout."""
    digest = hashlib.sha256()
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
