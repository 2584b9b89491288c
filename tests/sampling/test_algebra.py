"""Counting and drawing the networks of a space, against looking at every one of them."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest

from designspace.errors import InputError
from designspace.sampling.count import range_queries as windows_
from designspace.sampling.count.bounds import FAR, Bounds
from designspace.sampling.count.networks import FEW, Composed, Listed
from designspace.sampling.feasible import Feasible
from designspace.sampling.space import load_space
from designspace.sampling.tables.chain import Chain
from designspace.sampling.task import Task
from tests.helpers.algebra_spaces import CHANNELS, CLASSES, SIZE, SPACES, by_looking, data

TASK = Task(SIZE, CHANNELS, CLASSES)
COSTS = ("params", "macs", "acts")
both = pytest.mark.parametrize("way", [Listed, Composed])
every = pytest.mark.parametrize("name", SPACES)


@pytest.fixture(scope="module")
def looked() -> dict[str, dict[str, tuple[int, int, int]]]:
    return {name: by_looking(load_space(data(axes))) for name, axes in SPACES.items()}


def feasible(name: str, way: Any, bounds: Bounds) -> tuple[Any, Feasible]:
    space = load_space(data(SPACES[name]))
    chain = Chain(space.axes, space.base_data, TASK)
    return space, Feasible(bounds, way(chain))


def middle(values: list[int]) -> tuple[int, int]:
    ordered = sorted(values)
    return ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]


def windows(costs: list[tuple[int, int, int]]) -> list[Bounds]:
    """No limit, one, two, and an empty one."""
    params, macs, acts = (middle([each[i] for each in costs]) for i in range(3))
    return [
        Bounds(),
        Bounds(macs=macs),
        Bounds(params=(-FAR, params[1])),
        Bounds(params=(-FAR, params[1]), macs=macs),
        Bounds(params=params, acts=acts),
        Bounds(macs=(macs[1] + 1, macs[1] + 1), acts=acts),
    ]


def inside(bounds: Bounds, costs: tuple[int, int, int]) -> bool:
    return all(
        bounds.of(name)[0] <= value <= bounds.of(name)[1]
        for name, value in zip(COSTS, costs, strict=True)
    )


@both
@every
def test_counts_costs_and_extremes_are_those_of_looking(
    name: str, way: Any, looked: dict[str, dict[str, tuple[int, int, int]]]
) -> None:
    known = looked[name]
    for bounds in windows(list(known.values())):
        space, found = feasible(name, way, bounds)
        wanted = {digest: costs for digest, costs in known.items() if inside(bounds, costs)}
        assert found.total == len(known)
        assert found.count == len(wanted)
        draw = found.draw(found.count + 5, seed=3)
        drawn = {
            space.spec(point).digest: (int(params), int(macs), int(acts))
            for point, params, macs, acts in zip(
                draw.points(), draw.params, draw.macs, draw.acts, strict=True
            )
        }
        assert drawn == wanted, "every network once, with its costs"
        for column, cost in enumerate(COSTS):
            if len({*bounds.limited, cost}) <= 2:
                values = [costs[column] for costs in wanted.values()]
                assert found.range(cost) == ((min(values), max(values)) if values else None)


@every
def test_an_extreme_is_the_same_where_few_are_looked_at_for_it(
    name: str, looked: dict[str, dict[str, tuple[int, int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows_, "FEW", 2)
    for bounds in windows(list(looked[name].values())):
        _, found = feasible(name, Composed, bounds)
        inner = [costs for costs in looked[name].values() if inside(bounds, costs)]
        for column, cost in enumerate(COSTS):
            if bounds.limited and len({*bounds.limited, cost}) <= 2:
                values = [costs[column] for costs in inner]
                assert found.range(cost) == ((min(values), max(values)) if values else None)


@every
def test_a_label_is_feasible_where_some_combination_with_it_is(name: str) -> None:
    space = load_space(data(SPACES[name]))
    listed, composed = (way(Chain(space.axes, space.base_data, TASK)) for way in (Listed, Composed))
    params = np.sort(listed.take(Bounds(), np.arange(listed.total)).costs[:, 0])
    for bounds in (Bounds(), Bounds(params=(-FAR, int(params[len(params) // 3])))):
        said = {
            (axis, label): listed.has(bounds, axis, label)
            for axis in space.axes
            for label in space.axes[axis].labels
        }
        assert any(said.values())
        for (axis, label), feasible_ in said.items():
            assert composed.has(bounds, axis, label) == feasible_, (axis, label)


@both
def test_draws_are_uniform(way: Any) -> None:
    """Pearson's statistic over 300 draws of 20 networks, against its 0.1 % quantile."""
    _, found = feasible("widths couple the stages", way, Bounds())
    n, rounds = 8, 400
    times = Counter(
        tuple(row) for seed in range(rounds) for row in found.draw(n, seed).labels.tolist()
    )
    expected = n * rounds / found.count
    statistic = sum((times.get(key, 0) - expected) ** 2 / expected for key in times)
    statistic += expected * (found.count - len(times))
    freedom = found.count - 1
    assert statistic < freedom + 4 * (2 * freedom) ** 0.5 + 6


@both
def test_a_draw_is_shuffled_repeats_with_its_seed_and_grows_from_a_shorter_one(way: Any) -> None:
    _, found = feasible("some choices make no network", way, Bounds())
    first, again, longer = found.draw(6, 1), found.draw(6, 1), found.draw(9, 1)
    assert first.labels.tolist() == again.labels.tolist() == longer.labels.tolist()[:6]
    assert found.draw(6, 2).labels.tolist() != first.labels.tolist()
    everything = found.draw(10_000, 0).labels.tolist()
    assert everything != sorted(everything)


@both
def test_a_stratified_draw_covers_the_costs_evenly(way: Any) -> None:
    _, found = feasible("a knob a stage", way, Bounds())
    low, high = found.range("macs") or (0, 0)
    draw = found.draw(8, 0, stratify="macs")
    bins = (draw.macs - low) * 8 // (high + 1 - low)
    counts = found.networks.count
    width = (high + 1 - low) / 8
    filled = [
        index
        for index in range(8)
        if counts(Bounds(macs=(int(low + index * width) + 1, int(low + (index + 1) * width))))
    ]
    assert len(draw) == 8
    assert set(filled) <= set(bins.tolist()) | {0}
    labels = {tuple(row) for row in draw.labels.tolist()}
    assert len(labels) == 8


def test_a_large_space_is_counted_by_the_product_of_its_choices() -> None:
    axes: dict[str, Any] = {
        f"k{stage}": {"path": f"block.spatial.kernel_size.per_stage.{stage}", "range": [1, 41, 2]}
        for stage in range(3)
    }
    axes |= {
        f"r{stage}": {"path": f"block.ratio.per_stage.{stage}", "range": [1, 12]}
        for stage in range(3)
    }
    space = load_space(data(axes))
    found = space.counted(task=TASK)
    assert found.total == (21 * 12) ** 3
    low, high = found.range("macs") or (0, 0)
    split = found.within(Bounds(macs=(-FAR, (low + high) // 2))).count
    rest = found.within(Bounds(macs=((low + high) // 2 + 1, FAR))).count
    assert split + rest == found.total
    tight = Bounds(macs=(low + 1, (3 * low + high) // 4), params=(-FAR, 30_000))
    draw = found.within(tight).draw(5_000, 0)
    assert len({tuple(row) for row in draw.labels.tolist()}) == 5_000
    assert draw.macs.max() <= tight.macs[1]
    assert draw.params.max() <= 30_000


def test_marginals_of_a_large_window_are_those_of_rejection() -> None:
    """Total variation of each axis' labels, drawn exactly and by rejection, is sampling noise."""
    axes: dict[str, Any] = {
        f"k{stage}": {"path": f"block.spatial.kernel_size.per_stage.{stage}", "range": [1, 19, 2]}
        for stage in range(3)
    } | {f"d{stage}": {"path": f"depths.{stage}", "range": [1, 6]} for stage in range(3)}
    space = load_space(data(axes))
    whole = space.counted(task=TASK)
    low, high = whole.range("macs") or (0, 0)
    window = whole.within(Bounds(macs=((2 * low + high) // 3, (low + high) // 2)))
    every = whole.draw(whole.total, 0)
    kept = (every.macs >= window.bounds.macs[0]) & (every.macs <= window.bounds.macs[1])
    assert int(kept.sum()) == window.count
    n = 20_000
    drawn = window.draw(n, 5).labels
    for column, name in enumerate(axes):
        size = len(space.axes[name].labels)
        truth = np.bincount(every.labels[kept][:, column], minlength=size) / kept.sum()
        seen = np.bincount(drawn[:, column], minlength=size) / n
        noise = np.sqrt(truth * (1 - truth) / n)
        assert (np.abs(seen - truth) <= 5 * noise + 1e-9).all(), name


def test_every_pair_of_small_axes_agrees_between_the_two_ways() -> None:
    axes = SPACES["a norm that stands nowhere"]
    for pair in itertools.combinations(axes, 3):
        space = load_space(data({name: axes[name] for name in pair}))
        chain = Chain(space.axes, space.base_data, TASK)
        assert Listed(chain).total == Composed(chain).total == len(by_looking(space))


def test_recipes_are_the_product_of_their_groups() -> None:
    axes: dict[str, Any] = {
        "warmup": {"path": "recipe.schedule.warmup_epochs", "choices": [0, 1, 2]},
        "lr": {"path": "recipe.optimizer.lr", "choices": [0.001, 0.002]},
        "mixing": {
            "choices": {"off": {"recipe.mixup": 0.0}, "on": {"recipe.mixup": 0.8}},
        },
        "prob": {"path": "recipe.mix_prob", "choices": [0.5, 1.0], "when": {"mixing": "on"}},
        "kernel": {"path": "block.spatial.kernel_size.per_stage.0", "choices": [3, 5]},
    }
    space = load_space(data(axes) | {"recipe": "demo"})
    found = space.counted(task=TASK)
    mixed = 1 + 2  # the probability has no effect where nothing is mixed
    assert found.total == 3 * mixed * 2 * 2
    samples = space.sample(1_000, task=TASK)
    pairs = {(each.spec.digest, each.recipe.digest if each.recipe else "") for each in samples}
    assert len(samples) == len(pairs) == found.total


def test_a_large_space_without_a_valid_network_is_refused() -> None:
    """None is listed; the automaton comes to no end."""
    ratio = {"path": "block.ratio", "each_stage": True, "choices": [2, 3]}
    width = {"path": "widths", "each_stage": True, "range": [8, 160, 8]}
    space = load_space({"base": "convnext_t", "axes": {"width": width, "ratio": ratio}})
    assert space.size > FEW
    with pytest.raises(InputError, match=r"no combination makes a valid network.*too small"):
        space.feasible(task=Task(28, 3, 10))
