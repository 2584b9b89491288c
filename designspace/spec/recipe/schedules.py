"""Schedules: the learning rate over the course of a training."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from designspace.layers.kind import Kind
from designspace.layers.numbers import Count
from designspace.spec.recipe.shares import Positive


class Schedule(Kind, family="schedule"):
    """A schedule after a linear warm-up from `warmup_lr`, which the batch size does not scale."""

    warmup_epochs: float = Field(default=0.0, ge=0)
    warmup_lr: float = Field(default=0.0, ge=0)


class Cosine(Schedule):
    """A cosine from the peak to `min_lr`, which the batch size does not scale; set per step."""

    kind: Literal["cosine"] = "cosine"
    min_lr: float = Field(default=0.0, ge=0)


class Steps(Schedule):
    """The peak, multiplied by `factor` at every milestone, counted in epochs from the start."""

    kind: Literal["steps"] = "steps"
    milestones: tuple[Count, ...] = Field(min_length=1)
    factor: Positive = 0.1

    @model_validator(mode="after")
    def _rising(self) -> Steps:
        if list(self.milestones) != sorted(set(self.milestones)):
            raise ValueError("milestones must rise")
        return self
