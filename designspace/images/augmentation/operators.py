"""The operators of RandAugment, with timm's levels, on batches that are sorted by operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from designspace.images.augmentation import tables
from designspace.images.augmentation.affine_ops import matrices, parts, warp
from designspace.images.augmentation.color_ops import blend, luma, mean, smooth
from designspace.images.augmentation.parcel import Parcel
from designspace.images.augmentation.policy import FULL

Numbers = NDArray[Any]
Argument = Callable[[Numbers, Numbers], Numbers]
"""Function from level and sign to an operator's argument, all float64 (K,)."""


def _level(level: Numbers, _: Numbers) -> Numbers:
    return level


def _whole(most: int, ceiling: int) -> Argument:
    return lambda level, _: np.floor(level / FULL * most).clip(max=ceiling)


def _from(most: int) -> Argument:
    return lambda level, _: most - np.floor(level / FULL * most).clip(max=most)


def _factor(level: Numbers, _: Numbers) -> Numbers:
    return level / FULL * 1.8 + 0.1


def _away(level: Numbers, sign: Numbers) -> Numbers:
    return (1 + sign * level / FULL * 0.9).clip(min=0.1)


TONES: Mapping[str, tuple[Argument, Argument]] = {
    "auto_contrast": (_level, _level),
    "equalize": (_level, _level),
    "invert": (_level, _level),
    "posterize": (_whole(4, 8), _from(4)),
    "solarize": (_whole(256, 256), _from(256)),
    "solarize_add": (_whole(110, 128), _whole(110, 128)),
    "color": (_factor, _away),
    "contrast": (_factor, _away),
    "brightness": (_factor, _away),
    "sharpness": (_factor, _away),
}
"""Operators that change values: the argument as in timm, and the one that rises with the level."""

WARPS = {"rotate": 30.0, "shear_x": 0.3, "shear_y": 0.3, "translate_x": 0.45, "translate_y": 0.45}
"""Operators that move pixels, at full strength: degrees, pixels per row, shares of the side."""

NAMES = (*TONES, *WARPS)
"""The operators in the order of their numbers."""
BLENDS = ("color", "contrast", "sharpness")
SORTED = ("equalize", "auto_contrast", *tables.FIXED, *BLENDS, "bilinear", "bicubic", "none")
"""Groups of images that share their operations, in the order of sorting."""
GROUPS = np.array(
    [SORTED.index(name if name in TONES else "bilinear") for name in NAMES] + [len(SORTED) - 1]
)
"""Group of each operator; the last entry is that of images without one."""


class Layer(NamedTuple):
    """One operator per image.

    Attributes:
        kinds: Index of the operator in `NAMES`, -1 for none, int64 (K,).
        levels: Level of the operator, float64 (K,).
        signs: Direction of the operator, 1 or -1, (K,).
        bicubic: Whether a warp samples bicubically; otherwise bilinearly, bool (K,).
    """

    kinds: Numbers
    levels: Numbers
    signs: Numbers
    bicubic: Numbers

    @property
    def groups(self) -> Numbers:
        """Index of each image's group in `SORTED`, (K,)."""
        return GROUPS[self.kinds] + (self.bicubic & (self.kinds >= len(TONES)))

    def sorted(self) -> tuple[Numbers, Layer]:
        """Return the order of the images by group, and the layer in that order."""
        order = self.groups.argsort(kind="stable")
        return order, Layer(*(numbers[order] for numbers in self))


class Operators:
    """The operators of a layer, prepared for a batch whose images are sorted by group.

    Args:
        layer: Layer in the order of the groups.
        increasing: Whether every operator becomes stronger with the level.
        fill: Values outside of a warped image, 0 to 255, float32 (C,).
        size: Height and width of the images [pixels].
        parcel: Parcel for the numbers that the operators need on the device.
    """

    def __init__(
        self,
        layer: Layer,
        increasing: bool,
        fill: NDArray[np.float32],
        size: tuple[int, int],
        parcel: Parcel,
    ) -> None:
        self._layer, self._increasing = layer, increasing
        ends = np.bincount(layer.groups, minlength=len(SORTED)).cumsum().tolist()
        starts = [0, *ends[:-1]]
        self._spans = {name: slice(*span) for name, *span in zip(SORTED, starts, ends, strict=True)}
        fixed = [tables.fixed(name, self._strength(name)) for name in tables.FIXED]
        self._fixed = parcel.put(np.concatenate(fixed))
        self._factor = parcel.put(np.concatenate([self._strength(name) for name in BLENDS]))
        maps = self._warps(self._span("bilinear", "bicubic"), size)
        self._maps = [parcel.put(numbers) for numbers in (*maps, fill)]

    def __call__(self, pixels: Tensor) -> None:
        """Apply the operators to contiguous bytes (K, C, H, W), in place."""
        self._look_up(pixels)
        self._blend(pixels)
        self._warp(pixels)

    def _span(self, first: str, last: str) -> slice:
        return slice(self._spans[first].start, self._spans[last].stop)

    def _strength(self, name: str) -> NDArray[np.float32]:
        span, (falling, rising) = self._spans[name], TONES[name]
        argument = rising if self._increasing else falling
        return argument(self._layer.levels[span], self._layer.signs[span]).astype(np.float32)

    def _warps(self, span: slice, size: tuple[int, int]) -> tuple[Numbers, Numbers]:
        kinds, levels, signs, _ = (numbers[span] for numbers in self._layer)
        most = np.array([*WARPS.values()])[:, None]
        changed = kinds == np.arange(len(TONES), len(NAMES))[:, None]
        amounts = changed * most * signs * levels / FULL
        return parts(matrices(amounts[0], amounts[1:3], amounts[3:], *size), *size)

    def _look_up(self, pixels: Tensor) -> None:
        last = [*tables.FIXED][-1]
        part = pixels[self._span("equalize", last)]
        if not len(part):
            return
        device, places = pixels.device, tables.places_of(part)
        found = torch.empty((*part.shape[:2], 256), dtype=torch.uint8, device=device)
        same, stretched = self._spans["equalize"], self._spans["auto_contrast"]
        if same.stop:
            tables.equalize(places[: same.stop * part.shape[1]], found[same])
        if stretched.start < stretched.stop:
            tables.auto_contrast(part[stretched], found[stretched])
        if stretched.stop < len(part):
            found[stretched.stop :] = self._fixed.on(device)[:, None]
        tables.look_up(places, found, part)

    def _blend(self, pixels: Tensor) -> None:
        part = pixels[self._span(BLENDS[0], BLENDS[-1])]
        if not len(part):
            return
        values = part.float()
        color, contrast, sharp = values.split([len(pixels[self._spans[name]]) for name in BLENDS])
        grays = len(color) + len(contrast)
        neutrals = [sharp]
        if len(contrast):
            lumas = luma(values[:grays])
            neutrals = [lumas[: len(color)], mean(lumas[len(color) :]), sharp]
        elif len(color):
            neutrals = [luma(color), sharp]
        shape = values.shape[1:]
        neutral = torch.cat([one.expand(-1, *shape) for one in neutrals if len(one)])
        if len(sharp):
            smooth(sharp, neutral[grays:])
        part.copy_(blend(values, neutral, self._factor.on(pixels.device)))

    def _warp(self, pixels: Tensor) -> None:
        part = pixels[self._span("bilinear", "bicubic")]
        if not len(part):
            return
        bicubic = len(pixels[self._spans["bicubic"]])
        across, down, fill = (sent.on(pixels.device) for sent in self._maps)
        warp(part, across + down, fill, bicubic)
