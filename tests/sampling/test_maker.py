"""Networks made of parts that are read once, against networks that are loaded one by one."""

from __future__ import annotations

import random
from typing import Any

import pytest

from designspace.errors import InputError
from designspace.sampling.maker import Maker
from designspace.sampling.space import CountedSpace, load_space
from designspace.spec.network.network import Network
from designspace.spec.space.space import Point
from tests.helpers.algebra_spaces import SPACES, data

SHIPPED = ("convnext", "joint", "macro", "micro", "mixers", "regnet", "sixteen")


def points(space: CountedSpace, seed: int) -> list[Point]:
    """Of all axes, of some, and with a choice or an axis that there is not."""
    stream = random.Random(seed)
    whole = [
        {name: stream.choice(axis.labels) for name, axis in space.axes.items()} for _ in range(12)
    ]
    some = [{name: at[name] for name in at if stream.random() < 0.5} for at in whole]
    last = next(reversed(space.axes))
    return [
        *whole,
        *some,
        {},
        {last: "nonsense"},
        {"nonsense": "1"},
        whole[0] | {"nonsense": "1"},
        *whole,
    ]


def made(make: Any, point: Point) -> tuple[Network | None, str]:
    try:
        return make(point), ""
    except InputError as error:
        return None, str(error)


def check(space: CountedSpace) -> None:
    maker = Maker(space)
    for point in points(space, seed=1):
        network, said = made(maker.network, point)
        expected, refused = made(space.spec, point)
        assert said == refused
        assert network == expected
        if network is not None and expected is not None:
            assert repr(network) == repr(expected)
            assert list(network.authored) == list(expected.authored)
            assert network.authored == expected.authored
            assert network.model_fields_set == expected.model_fields_set
            assert network.digest == expected.digest


@pytest.mark.parametrize("name", SPACES)
def test_a_small_space_is_made_as_it_is_loaded(name: str) -> None:
    check(load_space(data(SPACES[name])))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_space_is_made_as_it_is_loaded(name: str) -> None:
    check(load_space(name))


def test_a_network_shares_no_data_with_another_or_with_the_base() -> None:
    space = load_space("sixteen")
    maker, point = Maker(space), space.sample(1)[0].point
    networks = [maker.network(point) for _ in range(3)]
    networks[-1].authored["block"]["ratio"] = "spoilt"
    networks[-1].authored["depths"].clear()
    assert networks[0].authored == networks[1].authored == space.spec(point).authored
    assert maker.network(point) == space.spec(point)
