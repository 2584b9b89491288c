"""Under which conditions scores are measured."""

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
    """The conditions.

    Attributes:
        batch_size: Images of the mini-batch.
        repeats: How often each score is measured, with other weights and other images each time.
        recipe: Of the training that is to be predicted: it says how the first weights are drawn.
        device: `cpu` or `cuda`.
    """

    batch_size: int = 64
    repeats: int = 3
    recipe: str | Path | Mapping[str, Any] | Recipe = "demo"
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Refuse what cannot be measured.

        Raises:
            InputError: A number that is too small, no such recipe, a device that is not here.
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
        """The recipe, loaded."""
        assert isinstance(self.recipe, Recipe)
        return self.recipe
