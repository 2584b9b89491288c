"""Under which key something about a space is kept: all that it depends on, the program included."""

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

_FORMAT = 1  # of what is kept; another number lets all of it be forgotten
ROOT = Path(__file__).parents[2]
ROOMS = ("blocks", "costing", "layers", "mixers", "sampling", "spec")


def key_of(axes: Mapping[str, Axis], base: Any, task: Task, *more: Any) -> str | None:
    """The key of what follows from axes over a base on a task, and perhaps from more.

    None where that is not all: a kind from outside the package, or data that are not plain.
    """
    program = _program()
    if program is None:
        return None
    choices = {name: axis.model_dump(mode="json") for name, axis in axes.items()}
    whole = [_FORMAT, program, choices, base, asdict(task), *more]
    try:
        text = json.dumps(whole)  # in the order given, which numbers labels and networks
    except (TypeError, ValueError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


def _program() -> list[str] | None:
    """The package's source, and numpy's version, whose random streams are used."""
    kinds = (kind for registry in families().values() for kind in registry.values())
    if any(not kind.__module__.startswith("designspace.") for kind in kinds):
        return None
    return [np.__version__, _source()]


@cache
def _source() -> str:
    """A digest of the rooms that count: more than a version, of which a checkout has only one."""
    digest = hashlib.sha256()
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
