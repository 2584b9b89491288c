"""Uniform random proposals, which need no history."""

from __future__ import annotations

from designspace.records.study.state import Trial
from designspace.searching.proposers.pool import Pool
from designspace.searching.proposers.proposer import draw, stream
from designspace.spec.space.space import Point, Space


class RandomProposer:
    """A proposer that draws networks within the limits uniformly; if uncounted, labels."""

    name = "random"

    def __init__(self, space: Space, seed: int, pool: Pool | None = None) -> None:
        self._space, self._seed, self._pool = space, seed, pool

    def ask(self, number: int) -> Point:
        """Return the network that `designspace sample` draws at this number with this seed.

        If the space is not counted, draw labels from the stream of (seed, number).
        """
        if self._pool is not None:
            return self._pool.at(number, self._seed)
        return draw(self._space, stream(self._seed, number, "ask"))

    def tell(self, trial: Trial) -> None:
        """Ignore the trial: the history has no influence."""
