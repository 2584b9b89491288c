"""Exact shares of labels: what looking at every network gives, however they are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from designspace.sampling.count.bounds import Bounds
from designspace.sampling.marginals import marginals, through_edges
from designspace.sampling.space import CountedSpace, load_space
from designspace.sampling.tables.chain import Chain
from designspace.sampling.task import Task
from tests.helpers.algebra_spaces import CHANNELS, CLASSES, SIZE, SPACES, data

TASK = Task(SIZE, CHANNELS, CLASSES)


def by_listing(space: CountedSpace, bounds: Bounds) -> dict[str, np.ndarray]:
    found = space.counted((), task=TASK).within(bounds)
    draw = found.draw(found.count)
    assert len(draw) == found.count
    active = draw.active()
    return {
        name: np.bincount(draw.labels[active[:, i], i], minlength=len(axis.labels)) / len(draw)
        for i, (name, axis) in enumerate(space.axes.items())
    }


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("limited", [(), ("macs",), ("macs", "params")])
def test_shares_counted_through_edges_are_those_of_all_networks(
    name: str, limited: tuple[str, ...]
) -> None:
    space = load_space(data(SPACES[name]))
    whole, bounds = space.counted((), task=TASK), Bounds()
    for cost in limited:
        low, high = whole.range(cost) or (0, 0)
        bounds = bounds.also(cost, low, low + 4 * (high - low) // 5)
    assert whole.within(bounds).count
    found = through_edges(Chain(space.axes, space.base_data, TASK), bounds)
    for axis, shares in by_listing(space, bounds).items():
        np.testing.assert_allclose(found[axis], shares, atol=1e-12, err_msg=axis)


def test_shares_of_networks_and_recipes_together() -> None:
    axes: dict[str, Any] = {
        "lr": {"path": "recipe.optimizer.lr", "choices": [0.001, 0.002]},
        "mixing": {"choices": {"off": {"recipe.mixup": 0.0}, "on": {"recipe.mixup": 0.8}}},
        "prob": {"path": "recipe.mix_prob", "choices": [0.5, 1.0], "when": {"mixing": "on"}},
        **SPACES["conditions, one upon the other"],
    }
    space = load_space(data(axes) | {"recipe": "demo"})
    found = marginals(space, space.counted((), task=TASK))
    assert list(found) == list(space.axes)
    for axis, shares in by_listing(space, Bounds()).items():
        np.testing.assert_allclose(found[axis], shares, atol=1e-12, err_msg=axis)
    assert found["prob"].sum() == pytest.approx(2 / 3)  # idle where nothing is mixed
