"""What proposes points of a space: asked by trial number, told of every trial there was.

An answer depends only on the seed, the number and what was told before, so that a resumed study
proposes as the uninterrupted one would have, given the same history.
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
    """Asks and tells over one space, for one study seed."""

    name: str

    def ask(self, number: int) -> Point:
        """A point for the trial of this number; it may be infeasible, or tried before."""
        ...

    def tell(self, trial: Trial) -> None:
        """Take in how a trial stands now; the last word on a trial replaces those before."""
        ...


def stream(seed: int, number: int, purpose: str) -> random.Random:
    """The random stream of one trial and one purpose, whatever was drawn before."""
    return random.Random(f"{seed}/{number}/{purpose}")


def next_axis(space: Space, point: Mapping[str, str]) -> tuple[str, Axis] | None:
    """The first active axis that has no label yet, None once the point is whole."""
    return next((item for item in space.active(point).items() if item[0] not in point), None)


def draw(space: Space, rng: random.Random) -> Point:
    """A point with the label of each active axis drawn uniformly."""
    point: Point = {}
    while (item := next_axis(space, point)) is not None:
        name, axis = item
        point[name] = rng.choice(axis.labels)
    return point


def base_point(space: Space) -> Point:
    """The labels that leave the base as it is; empty where an axis does not offer the base's own.

    With an empty point no change is made, so that both give the base network, and base recipe.
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
