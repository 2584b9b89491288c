"""The description of a space, from the cache if an earlier run kept it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from designspace.sampling.cache import store
from designspace.sampling.cache.keys import key_of
from designspace.sampling.count.bounds import bounds_of
from designspace.sampling.describe import Description, describe
from designspace.sampling.space import CountedSpace
from designspace.sampling.task import Task
from designspace.spec.space.limits import Limit


def describe_space(space: CountedSpace, limits: Sequence[Limit], task: Task) -> Description:
    """Describe a space within limits; a cached description is equal to a new one.

    Raises:
        InputError: No combination of labels makes a valid network.
        InfeasibleError: No network is within the limits.
    """
    bounds = asdict(bounds_of(limits))
    key = key_of(space.axes, space.base_data, task, "description", bounds, space.authored)
    known = _read(key) if key else None
    if known is None:
        known = describe(space.not_empty(space.feasible(limits, task=task)))
        if key:
            store.write(key, json.dumps(asdict(known)).encode())
    return known


def _read(key: str) -> Description | None:
    content = store.read(key)
    if content is None:
        return None
    try:
        return TypeAdapter(Description).validate_python(json.loads(content))
    except (ValueError, ValidationError):
        return None
