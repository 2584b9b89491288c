"""The identity and the cost of one point of a space, made and costed on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from designspace.records.study.state import identity
from designspace.spec.network.network import Network
from designspace.spec.space.limits import Costs
from designspace.spec.space.space import Point, Space


@dataclass(frozen=True, slots=True)
class PricedPoint:
    """A network of a space with its cost; `recipe` is the recipe's digest if the recipe varies."""

    point: Point
    digest: str
    params: int
    macs: int
    acts: int
    recipe: str | None = None
    repaired: bool = False

    @property
    def identity(self) -> str:
        """The identity of the point: its network, and its recipe if that varies."""
        return identity(self.digest, self.recipe)


def price_point(space: Space, point: Point, cost: Callable[[Network], Costs]) -> PricedPoint:
    """Make the network at a point, and compute its cost.

    Raises:
        InputError: The point does not make a valid network, or not a valid recipe.
    """
    network, recipe = space.spec(point), space.recipe_digest(point)
    costs = cost(network)
    return PricedPoint(point, network.digest, costs.params, costs.macs, costs.acts, recipe)
