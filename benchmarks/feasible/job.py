"""The job as data: axes with their values, and the budget. Passed to the tools as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.feasible.formula import cost


@dataclass(frozen=True)
class Job:
    """What every tool is asked for.

    Attributes:
        space: The catalog's name of the space.
        axes: Values by name, in the order that the formula takes them.
        least_macs: The least multiply-adds.
        most_macs: The most multiply-adds.
        most_params: The most parameters.
    """

    space: str
    axes: dict[str, list[int]]
    least_macs: int
    most_macs: int
    most_params: int

    @property
    def sizes(self) -> list[int]:
        """Number of values of each axis."""
        return [len(values) for values in self.axes.values()]

    def values(self, point: Sequence[int]) -> list[int]:
        """The values that a point's indices stand for."""
        return [axis[i] for axis, i in zip(self.axes.values(), point, strict=True)]

    def meets(self, values: Sequence[Any]) -> Any:
        """Whether a network, or each of an array, is within the budget."""
        macs, params = cost(values)
        return (self.least_macs <= macs) & (macs <= self.most_macs) & (params <= self.most_params)
