"""The sizes to which images are decoded and at which a network sees them."""

from __future__ import annotations

from designspace.costing import cost
from designspace.errors import InputError
from designspace.images.data import Data, ImageSize
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe


def decoding_size(spec: Network, recipe: Recipe) -> ImageSize:
    """Return the side to which images of different sizes are decoded [pixels].

    This is the recipe's size, or else the network's. If the test view warps images or gives them a
    border, the result is "own": they keep their own shape until the view is applied.
    """
    if recipe.test.crop_mode != "center":
        return "own"
    return recipe.input_size or spec.input_size


def working_size(spec: Network, data: Data, recipe: Recipe | None = None) -> int:
    """Return the side at which the network sees the images [pixels].

    This is the recipe's size; without one, the images' own size if the network accepts it;
    otherwise the network's nominal size. Images without a common square size are resized to the
    recipe's size or else to the nominal one.
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
