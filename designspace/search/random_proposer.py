"""Uniform random proposals, which need no history."""

from __future__ import annotations

from designspace.records.state import TrialState
from designspace.search.proposer import draw, stream
from designspace.spec.space import Point, Space


class RandomProposer:
    """Draws every label of every active axis uniformly."""

    name = "random"

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed

    def ask(self, number: int) -> Point:
        """A point drawn from the stream of (seed, number)."""
        return draw(self._space, stream(self._seed, number, "ask"))

    def tell(self, trial: TrialState) -> None:
        """History changes nothing here."""
