"""The record of a tuning: its budget, its trainings and the chosen values for one network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from designspace.records.life_cycle import Status
from designspace.records.record_model import RecordModel
from designspace.records.training import Divergence


class Budget(RecordModel):
    """The budget of a tuning; two sides of a comparison with equal budgets were tuned alike.

    Attributes:
        ranges: Lowest and highest value by path within the recipe.
        trials: Number of trainings, the one with the recipe's own values included.
        draws: Distribution from which the values of the other trainings were drawn.
        split: Split on which the best training was chosen.
    """

    ranges: dict[str, tuple[float, float]]
    trials: int
    draws: Literal["log-uniform"] = "log-uniform"
    split: Literal["validation"] = "validation"

    def __str__(self) -> str:
        ranges = (f"{path} {low:g} to {high:g}" for path, (low, high) in self.ranges.items())
        return f"{self.trials} trials, {', '.join(ranges)}, {self.draws}"


class Tried(RecordModel):
    """One training of a tuning: its values by path within the recipe, and its outcome."""

    values: dict[str, float]
    state: Status
    top1: float | None
    divergence: Divergence | None = None
    error: str | None = None


class Tuning(RecordModel):
    """The tuning of some values of a recipe for one network.

    Attributes:
        budget: Budget of the tuning.
        recipe: Digest of the recipe before the tuning.
        seed: Seed of the draws and of every training in it; the final trainings have other seeds.
        tried: All of its trainings; the first one has the recipe's own values.
        chosen: Index of the training with the highest validation top-1.
    """

    budget: Budget
    recipe: str
    seed: int
    tried: tuple[Tried, ...]
    chosen: int

    @property
    def values(self) -> Mapping[str, Any]:
        """The chosen values, by path within the recipe."""
        return self.tried[self.chosen].values
