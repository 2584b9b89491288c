"""Every space that ships: loads, every choice can be made, its limits admit networks."""

from __future__ import annotations

import random

import pytest

from designspace.costing import cost
from designspace.spec import catalog
from designspace.spec.space import load_space

every_space = pytest.mark.parametrize("name", catalog.names("search", "axes"))


@every_space
def test_random_points_are_valid_and_some_are_within_the_limits(name: str) -> None:
    space = load_space(name)
    draw = random.Random(0)
    within = 0
    for _ in range(60):
        point = {axis: draw.choice(space.axes[axis].labels) for axis in space.axes}
        costs = cost(space.spec(point), in_channels=1, num_classes=10)
        within += not any(limit.broken_by(costs) for limit in space.limits)
    assert within > 0


@every_space
def test_the_authored_form_loads_again(name: str) -> None:
    space = load_space(name)
    assert load_space(space.authored).digest == space.digest


@every_space
def test_every_choice_changes_the_network(name: str) -> None:
    space = load_space(name)
    for axis_name, axis in space.axes.items():
        digests = {space.spec({axis_name: label}).digest for label in axis.labels}
        assert len(digests) == len(axis.labels), axis_name
