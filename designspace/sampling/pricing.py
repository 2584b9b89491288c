"""The identity and the cost of one point of a space, made and costed by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from designspace.records.study.state import identity
from designspace.spec.network.network import Network
from designspace.spec.space.limits import Costs
from designspace.spec.space.space import Point, Space


@dataclass(frozen=True, slots=True)
class PricedPoint:
    """A network of a space with its cost; `recipe` is its recipe's digest where that varies."""

    point: Point
    digest: str
    params: int
    macs: int
    acts: int
    recipe: str | None = None
    repaired: bool = False

    @property
    def identity(self) -> str:
        """What it shares with no other point: the network, and the recipe where it varies."""
        return identity(self.digest, self.recipe)


def price_point(space: Space, point: Point, cost: Callable[[Network], Costs]) -> PricedPoint:
    """Make the network at a point, and cost it.

    Raises:
        InputError: The point makes no valid network, or no valid recipe.
    """
    network, recipe = space.spec(point), space.recipe_digest(point)
    costs = cost(network)
    return PricedPoint(point, network.digest, costs.params, costs.macs, costs.acts, recipe)
