"""Every space that ships: loads, every choice can be made, its limits admit networks."""

from __future__ import annotations

import random
from typing import Any

import pytest

from designspace.costing import cost
from designspace.searching.proposers.proposer import draw
from designspace.searching.proposers.repair import Candidates
from designspace.spec.documents import catalog
from designspace.spec.network.network import Network
from designspace.spec.space.limits import Costs
from designspace.spec.space.load_space import load_space
from designspace.spec.space.space import Space

every_space = pytest.mark.parametrize("name", catalog.names("search", "axes"))


def priced(network: Network) -> Costs:
    """The cost for the task that goes with the base's images."""
    small: dict[str, Any] = {"in_channels": 1, "num_classes": 10}
    return cost(network, **(small if network.input_size < 64 else {}))


def candidates(space: Space) -> Candidates:
    return Candidates(space, priced)


@every_space
def test_random_points_are_valid(name: str) -> None:
    """All, but for RegNet's numbers, which may come to another number of stages."""
    space, rng = load_space(name), random.Random(0)
    looked = candidates(space)
    found = [looked.look(draw(space, rng)) for _ in range(30)]
    assert all(each.macs > 0 for each in found if each)
    assert found.count(None) == 0 or name == "regnet"
    assert found.count(None) < 28


@every_space
def test_the_base_and_others_are_within_the_limits(name: str) -> None:
    space, rng = load_space(name), random.Random(1)
    base = priced(space.base_network())
    assert [limit.broken_by(base) for limit in space.limits] == [None] * len(space.limits)
    looked = candidates(space)
    found = looked.choose(draw(space, rng), {space.base_network().digest}, rng)
    assert found is not None


@every_space
def test_the_authored_form_loads_again(name: str) -> None:
    space = load_space(name)
    assert load_space(space.authored).digest == space.digest


@every_space
def test_every_choice_changes_the_network_or_the_recipe(name: str) -> None:
    """Alone; those that RegNet's base does not take alone, among other choices."""
    space, rng = load_space(name), random.Random(0)
    looked = candidates(space)
    others = [draw(space, rng) for _ in range(30)] if name == "regnet" else []
    for axis_name, axis in space.axes.items():
        needed = {other: labels[0] for other, labels in axis.when.items()}
        made = {
            tuple(
                found and found.identity
                for found in (
                    looked.look(other | {axis_name: label}) for other in [needed, *others]
                )
            )
            for label in axis.labels
        }
        assert len(made) == len(axis.labels), axis_name


@every_space
def test_the_file_opens_with_its_purpose(name: str) -> None:
    lines = (catalog.root() / "search" / f"{name}.yaml").read_text().splitlines()
    assert all(line.startswith("# ") for line in lines[:3])
    assert load_space(name).purpose
