"""The recipe's augmentation of a batch of bytes where it lies."""

from __future__ import annotations

from torch import Tensor

from designspace.images.augmentation.crops import flip, pad_crop, resized_crop, rounded
from designspace.images.augmentation.draw import Draw
from designspace.images.augmentation.erasing import erase
from designspace.images.augmentation.jitter import color_jitter
from designspace.images.augmentation.rand_augment import RandAugment
from designspace.images.view import View
from designspace.spec.crops import PadCrop, ResizedCrop
from designspace.spec.recipe import Recipe


class Augment:
    """What a recipe does to a training image, in timm's order: crop, flip, colours, erasing.

    Images stay bytes until they are normalised.
    """

    def __init__(self, recipe: Recipe, view: View) -> None:
        self._recipe, self._view = recipe, view
        crop, name = recipe.crop, recipe.rand_augment
        # timm's scripts warp as they crop, and draw the interpolation where that has none.
        mode = crop.interpolation if isinstance(crop, ResizedCrop) else None
        self._policy = RandAugment(name, view.mean, mode) if name else None

    def decoded(self, pixels: Tensor, draw: Draw) -> Tensor:
        """Bytes (K, C, H, W) of any size to the network's input."""
        recipe, crop = self._recipe, self._recipe.crop
        mirrored = draw.chance(recipe.flip)
        if isinstance(crop, ResizedCrop):
            return self._rest(resized_crop(pixels, crop, self._view.size, mirrored, draw), draw)
        fitted = self._view.fit(pixels)
        if fitted.is_floating_point():
            fitted = rounded(fitted)
        if isinstance(crop, PadCrop):
            return self._rest(pad_crop(fitted, crop.padding, mirrored, draw), draw)
        return self._rest(flip(fitted, mirrored), draw)

    def cropped(self, pixels: Tensor, draw: Draw) -> Tensor:
        """Bytes (K, C, H, W) that were cropped as they were read to the network's input."""
        return self._rest(flip(pixels, draw.chance(self._recipe.flip)), draw)

    def _rest(self, pixels: Tensor, draw: Draw) -> Tensor:
        recipe = self._recipe
        if self._policy is not None:
            pixels = self._policy(pixels, draw)
        if recipe.color_jitter:
            pixels = color_jitter(pixels, recipe.color_jitter, draw)
        images = self._view.normalise(pixels)
        if recipe.random_erasing:
            images = erase(images, recipe.random_erasing, 1, draw)
        return images
