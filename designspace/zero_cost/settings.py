"""Conditions under which scores are measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designspace.compiler.device import device_of
from designspace.errors import InputError
from designspace.spec.recipe.recipe import Recipe, load_recipe


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Conditions of the measurement.

    Attributes:
        batch_size: Number of images in the mini-batch.
        repeats: Number of repeats per score, each with other weights and other images.
        recipe: Recipe of the training to predict; it defines how weights are initialised.
        device: Device to measure on: `cpu` or `cuda`.
    """

    batch_size: int = 64
    repeats: int = 3
    recipe: str | Path | Mapping[str, Any] | Recipe = "demo"
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Check the conditions and load the recipe.

        Raises:
            InputError: A number is too small, there is no such recipe, or the device is missing.
        """
        if self.batch_size < 2:
            raise InputError(
                f"a mini-batch has at least 2 images (got {self.batch_size})", path="batch_size"
            )
        if self.repeats < 1:
            raise InputError(f"at least 1 is measured (got {self.repeats})", path="repeats")
        device_of(self.device)
        if not isinstance(self.recipe, Recipe):
            object.__setattr__(self, "recipe", load_recipe(self.recipe))

    @property
    def training(self) -> Recipe:
        """Recipe of the training, loaded."""
        assert isinstance(self.recipe, Recipe)
        return self.recipe
