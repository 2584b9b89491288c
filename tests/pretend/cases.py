"""The trainings whose steps are counted: every family, and every part of a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from designspace.images.data import Data
from designspace.spec.network.load import load
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import load_recipe
from tests.helpers.small import SIDE, families, small
from tests.pretend.training import Trace, noise, run_of, streamed, train

STEPS = 4
_TINY = {"depths": [1, 1], "widths": [8, 16]}
_MIX = {"mixup": 0.8, "cutmix": 1.0}


@dataclass(frozen=True)
class Case:
    """A training of a few steps.

    Attributes:
        network: What is trained.
        recipe: The recipe's name.
        changes: To the recipe.
        side: Of the images, in pixels.
        files: Whether they are read from files.
    """

    network: Network
    recipe: str = "demo"
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    side: int = 32
    files: bool = False

    def trace(self, folder: Path) -> Trace:
        """Train it on a pretend GPU, without checkpoints."""
        recipe = load_recipe(self.recipe, {"batch_size": 8, **self.changes})
        data = self._data(folder, recipe.batch_size)
        return train(lambda: run_of(self.network, recipe, data, folder), saves=False)

    def _data(self, folder: Path, batch_size: int) -> Data:
        count = batch_size * STEPS * 16 // 9 + 8
        if self.files:
            return streamed(self.side, count, 4, folder)
        return noise(self.side, count, 4)


@cache
def cases() -> Mapping[str, Case]:
    """All of them by name."""
    small_batch = {"batch_size": 2}
    found = {
        f"family {name}": Case(small(name), changes=small_batch, side=SIDE) for name in families()
    }
    tiny = load("convnext_proxy", _TINY)
    return {
        **found,
        "pad crop and flip": Case(tiny, "proxy_32"),
        "resized crop": Case(tiny, changes={"crop": {"kind": "resized"}}),
        "color jitter": Case(tiny, changes={"color_jitter": 0.4}),
        "random erasing": Case(tiny, changes={"random_erasing": 0.5}),
        "rand augment": Case(tiny, changes={"rand_augment": "rand-m9-mstd0.5-inc1"}),
        "mixup and cutmix": Case(tiny, changes=_MIX),
        "no average": Case(tiny, changes={"ema": None}),
        "accumulation": Case(tiny, changes={"accumulation": 2}),
        "bfloat16": Case(tiny, changes={"precision": "bfloat16"}),
        "sgd": Case(tiny, changes={"optimizer": {"kind": "sgd", "lr": 0.1, "reference_batch": 64}}),
        "drop path": Case(tiny, changes={"drop_path_rate": 0.5}),
        "convnext_1k": Case(tiny, "convnext_1k"),
        "convnext_1k from files": Case(tiny, "convnext_1k", files=True),
        "demo from files": Case(tiny, files=True),
        "resnet with average": Case(load("resnet_proxy"), "proxy_32"),
        "swin, shifted windows": Case(
            load("swin_t", {"depths": [2, 2], "widths": [32, 64]}), side=56
        ),
    }
