"""The facts about the images that the records of runs and studies hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from designspace.records.facts import DataFacts
from designspace.spec.recipe.recipe import Recipe

if TYPE_CHECKING:
    from designspace.images.data import Data


def data_facts(data: Data, load: Mapping[str, Any], recipe: Recipe) -> DataFacts:
    """Return the identity, shape and counts of the images.

    Args:
        data: The images.
        load: Arguments of `load_data` that read the same images again.
        recipe: The recipe of the training, which may set the side of the images.
    """
    return DataFacts(
        name=data.name,
        digest=data.digest,
        num_classes=data.num_classes,
        classes=tuple(data.classes),
        channels=data.channels,
        image_size=recipe.input_size or data.image_size,
        train=len(data.train),
        val=len(data.val),
        test=len(data.test),
        notes=tuple(data.notes),
        skipped=tuple(one.file for one in data.skipped),
        load=dict(load),
    )
