"""The sizes at which images are decoded, and at which a network sees them."""

from __future__ import annotations

from designspace.costing import cost
from designspace.errors import InputError
from designspace.images.data import Data, ImageSize
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe


def decoding_size(spec: Network, recipe: Recipe) -> ImageSize:
    """The side that images of no common size are decoded to: the recipe's, else the network's.

    Where the test view warps images or gives them a border, they keep their own shape until then.
    """
    if recipe.test.crop_mode != "center":
        return "own"
    return recipe.input_size or spec.input_size


def working_size(spec: Network, data: Data, recipe: Recipe | None = None) -> int:
    """The recipe's size, else the images' own where the network takes it, else its nominal one.

    Images without a common square size are resized to the nominal size as well.
    """
    if recipe is not None and recipe.input_size is not None:
        return recipe.input_size
    own = data.image_size
    if own is None or own == spec.input_size:
        return spec.input_size
    try:
        cost(spec, own, in_channels=data.channels, num_classes=data.num_classes)
    except InputError:
        return spec.input_size
    return own
