"""The interface of proposers: asked by trial number, and told about every trial.

An answer depends only on the seed, the number and the trials that the proposer was told about. A
resumed study therefore proposes the same points as an uninterrupted one with the same history.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Protocol

from designspace.errors import InputError
from designspace.records.study.state import Trial, identity
from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Point, Space


class Proposer(Protocol):
    """A proposer of points of one space, for one study seed."""

    name: str

    def ask(self, number: int) -> Point:
        """Return a point for the trial of this number; it may be infeasible, or tried before."""
        ...

    def tell(self, trial: Trial) -> None:
        """Learn the present state of a trial; it replaces what was told about the trial before."""
        ...


def stream(seed: int, number: int, purpose: str) -> random.Random:
    """Return the random stream of one trial and one purpose, independent of other draws."""
    return random.Random(f"{seed}/{number}/{purpose}")


def next_axis(space: Space, point: Mapping[str, str]) -> tuple[str, Axis] | None:
    """Return the first active axis without a label; None once the point is complete."""
    return next((item for item in space.active(point).items() if item[0] not in point), None)


def draw(space: Space, rng: random.Random) -> Point:
    """Draw a point, with the label of each active axis drawn uniformly."""
    point: Point = {}
    while (item := next_axis(space, point)) is not None:
        name, axis = item
        point[name] = rng.choice(axis.labels)
    return point


def base_point(space: Space) -> Point:
    """Return the labels that leave the base as it is; empty if an axis lacks the base's own.

    An empty point makes no change, so both results mean the base network and the base recipe.
    """
    base = _identity(space, {})
    point: Point = {}
    while (item := next_axis(space, point)) is not None:
        name, axis = item
        keeps = (label for label in axis.labels if _identity(space, {**point, name: label}) == base)
        label = next(keeps, None)
        if label is None:
            return {}
        point[name] = label
    return point


def _identity(space: Space, point: Point) -> str | None:
    try:
        return identity(space.spec(point).digest, space.recipe_digest(point))
    except InputError:
        return None
