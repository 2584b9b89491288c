"""What was spent on choosing some values of a recipe for one network, and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from designspace.records.life_cycle import Status
from designspace.records.record_model import RecordModel
from designspace.records.training import Divergence


class Budget(RecordModel):
    """What a side was given: two sides that agree in it were tuned alike.

    Attributes:
        ranges: lowest and highest value by path within the recipe.
        trials: trainings, the one with the recipe's own values included.
        draws: how the values of the others were drawn from the ranges.
        split: the images on which the best one was chosen.
    """

    ranges: dict[str, tuple[float, float]]
    trials: int
    draws: Literal["log-uniform"] = "log-uniform"
    split: Literal["validation"] = "validation"

    def __str__(self) -> str:
        ranges = (f"{path} {low:g} to {high:g}" for path, (low, high) in self.ranges.items())
        return f"{self.trials} trials, {', '.join(ranges)}, {self.draws}"


class Tried(RecordModel):
    """One training of a tuning: its values by path, and how it ended."""

    values: dict[str, float]
    state: Status
    top1: float | None
    divergence: Divergence | None = None
    error: str | None = None


class Tuning(RecordModel):
    """How some values of a recipe were chosen for one network.

    Attributes:
        budget: what it was given.
        recipe: digest of the recipe before.
        seed: of the draws and of every training in it; the final trainings have other seeds.
        tried: all of its trainings; the first has the recipe's own values.
        chosen: the index of the one with the highest validation top-1.
    """

    budget: Budget
    recipe: str
    seed: int
    tried: tuple[Tried, ...]
    chosen: int

    @property
    def values(self) -> Mapping[str, Any]:
        """What was chosen, by path within the recipe."""
        return self.tried[self.chosen].values
