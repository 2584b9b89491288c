"""The recipe's augmentation of a batch of bytes, on the batch's device."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.crops import flip, pad_crop, resized_crop, rounded
from designspace.images.augmentation.erasing import erase
from designspace.images.augmentation.jitter import color_jitter
from designspace.images.augmentation.rand_augment import RandAugment
from designspace.images.view import View
from designspace.spec.recipe.crops import PadCrop, ResizedCrop
from designspace.spec.recipe.recipe import Recipe

Change = Callable[[Tensor], Tensor]
"""Function that changes a batch, after all of its random numbers were drawn."""


class Augment:
    """The augmentation of a recipe, in timm's order: crop, flip, colors, erasing.

    Images stay bytes until they are normalised. First all random numbers of a batch are drawn on
    the CPU. They go to the device in one copy, and the batch is then changed there.
    """

    def __init__(self, recipe: Recipe, view: View) -> None:
        self._recipe, self._view = recipe, view
        crop, name = recipe.crop, recipe.rand_augment
        # timm's scripts warp with the crop's interpolation, and draw one if the crop has none.
        mode = crop.interpolation if isinstance(crop, ResizedCrop) else None
        self._policy = RandAugment(name, view.mean, mode) if name else None

    def decoded(self, pixels: Tensor, draw: Draw) -> Tensor:
        """Turn bytes (K, C, H, W) of any size into the network's input."""
        crop, size = self._recipe.crop, self._view.size
        mirrored = draw.chance(self._recipe.flip)
        if isinstance(crop, ResizedCrop):
            height, width = pixels.shape[2:]
            first = resized_crop((height, width), crop, size, mirrored, draw)
        else:
            pixels = self._view.fit(pixels)
            if pixels.is_floating_point():
                pixels = rounded(pixels)
            padded = isinstance(crop, PadCrop)
            first = pad_crop(size, crop.padding, mirrored, draw) if padded else flip(mirrored, draw)
        return self._changed(pixels, first, draw)

    def cropped(self, pixels: Tensor, draw: Draw) -> Tensor:
        """Turn bytes (K, C, H, W) that were cropped while reading into the network's input."""
        return self._changed(pixels, flip(draw.chance(self._recipe.flip), draw), draw)

    def _changed(self, pixels: Tensor, first: Change, draw: Draw) -> Tensor:
        recipe, size = self._recipe, (self._view.size, self._view.size)
        changes = [first]
        if self._policy is not None:
            changes.append(self._policy(size, draw))
        if recipe.color_jitter:
            changes.append(color_jitter(recipe.color_jitter, draw))
        changes.append(self._view.normalise)
        if recipe.random_erasing:
            changes.append(erase(size, recipe.random_erasing, 1, draw))
        for change in changes:
            pixels = change(pixels)
        return pixels
