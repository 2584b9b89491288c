"""Augmentation of a batch of bytes where it lies: crop, RandAugment, flip."""

# Torch and timm leave some types unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import math

import torch
from PIL import Image, ImageOps
from timm.data.auto_augment import rand_augment_transform
from torch import Generator, Tensor
from torch.nn import functional

from designspace.spec.crops import PadCrop, ResizedCrop
from designspace.spec.recipe import Recipe
from designspace.train.decode import to_bytes
from designspace.train.view import View


def pad_crop(pixels: Tensor, padding: int, generator: Generator) -> Tensor:
    """Pads with zeros and crops each image back at a place of its own."""
    count, _, height, width = pixels.shape
    padded = functional.pad(pixels, [padding] * 4)
    shifts = torch.randint(2 * padding + 1, (2, count, 1), generator=generator).to(pixels.device)
    rows = shifts[0] + torch.arange(height, device=pixels.device)
    columns = shifts[1] + torch.arange(width, device=pixels.device)
    image = torch.arange(count, device=pixels.device)[:, None, None]
    cropped = padded[image, :, rows[:, :, None], columns[:, None, :]]
    return cropped.permute(0, 3, 1, 2)


def resized_crop(pixels: Tensor, crop: ResizedCrop, size: int, generator: Generator) -> Tensor:
    """Crops boxes of random area and aspect and samples them at `size`; floats from 0 to 255.

    One call for the batch; without antialiasing, which matters only where images are much larger
    than `size`.
    """
    count, _, height, width = pixels.shape
    draws = torch.rand((4, count), generator=generator)
    area = crop.scale[0] + draws[0] * (crop.scale[1] - crop.scale[0])
    low, high = math.log(crop.ratio[0]), math.log(crop.ratio[1])
    aspect = torch.exp(low + draws[1] * (high - low))
    # Shares of height and width, the image's own aspect taken into account.
    share_w = (area * aspect * height / width).sqrt().clamp(max=1)
    share_h = (area / aspect * width / height).sqrt().clamp(max=1)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = share_w, share_h
    theta[:, 0, 2] = (2 * draws[2] - 1) * (1 - share_w)
    theta[:, 1, 2] = (2 * draws[3] - 1) * (1 - share_h)
    shape = [count, pixels.shape[1], size, size]
    grid = functional.affine_grid(theta.to(pixels.device), shape, align_corners=False)
    sampled = functional.grid_sample(
        pixels.float(), grid, crop.interpolation, "reflection", align_corners=False
    )
    return sampled.clamp_(0, 255)


def flip(pixels: Tensor, probability: float, generator: Generator) -> Tensor:
    """Mirrors each image left to right with this probability."""
    chosen = torch.rand(len(pixels), generator=generator) < probability
    chosen = chosen.to(pixels.device).view(-1, 1, 1, 1)
    return torch.where(chosen, pixels.flip(3), pixels)


class RandAugmentPolicy:
    """RandAugment by timm's name for it; it draws from the global streams of Python and NumPy."""

    def __init__(self, name: str, size: int, mean: tuple[float, ...]) -> None:
        levels = [round(255 * value) for value in mean]
        fill = tuple(levels if len(levels) == 3 else levels * 3)
        hints = {"translate_const": int(size * 0.45), "img_mean": fill}
        self._policy = rand_augment_transform(name, hints)
        for operator in self._policy.ops:
            if operator.name.startswith("Posterize"):
                operator.aug_fn = _posterize

    def __call__(self, image: Image.Image) -> Image.Image:
        """An image of the same size; timm's operators know RGB, so a gray one goes through it."""
        return self._policy(image.convert("RGB")).convert(image.mode)


def _posterize(image: Image.Image, bits: int, **_: object) -> Image.Image:
    """Keeps the upper bits. The strongest level keeps none, which Pillow 13 refuses: black."""
    if bits < 1:
        return Image.new(image.mode, image.size)
    return image if bits >= 8 else ImageOps.posterize(image, bits)


def policy_of(recipe: Recipe, view: View) -> RandAugmentPolicy | None:
    """The recipe's RandAugment, or None."""
    if recipe.rand_augment is None:
        return None
    return RandAugmentPolicy(recipe.rand_augment, view.size, view.mean)


def apply_policy(pixels: Tensor, policy: RandAugmentPolicy) -> Tensor:
    """RandAugment is Pillow's work, an image at a time: the batch goes through the CPU."""
    array = pixels.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    images = (Image.fromarray(item[..., 0] if item.shape[2] == 1 else item) for item in array)
    return torch.stack([to_bytes(policy(image)) for image in images]).to(pixels.device)


class Augment:
    """The recipe's augmentation of a batch of decoded images, before normalisation."""

    def __init__(self, recipe: Recipe, view: View) -> None:
        self._recipe, self._view = recipe, view
        self._policy = policy_of(recipe, view)

    def __call__(self, pixels: Tensor, generator: Generator) -> Tensor:
        """Bytes (N, C, H, W) to bytes or floats from 0 to 255 of the view's size."""
        cropped = self._crop(pixels, generator)
        if self._policy is not None:
            cropped = apply_policy(cropped, self._policy)
        return flip(cropped, self._recipe.flip, generator)

    def _crop(self, pixels: Tensor, generator: Generator) -> Tensor:
        crop = self._recipe.crop
        if isinstance(crop, ResizedCrop):
            return resized_crop(pixels, crop, self._view.size, generator)
        fitted = self._view.fit(pixels)
        if isinstance(crop, PadCrop):
            return pad_crop(fitted, crop.padding, generator)
        return fitted
