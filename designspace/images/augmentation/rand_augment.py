"""RandAugment (arXiv 1909.13719) of a batch of bytes where it lies: timm's operators and levels."""

# Torch leaves some types unknown.
# pyright: reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from designspace.images.augmentation import tones
from designspace.images.augmentation.draw import Draw
from designspace.images.augmentation.policy import FULL, parse_policy
from designspace.images.augmentation.warps import matrices, warp
from designspace.spec.crops import Interpolation

Argument = Callable[[Tensor, Tensor], Tensor]
"""An operator's argument from level and sign, all float64 (K,)."""
Tone = Callable[[Tensor, Tensor], Tensor]


def _level(level: Tensor, _: Tensor) -> Tensor:
    return level


def _whole(most: int, ceiling: int) -> Argument:
    return lambda level, _: (level / FULL * most).floor().clamp_max(ceiling)


def _from(most: int) -> Argument:
    return lambda level, _: most - (level / FULL * most).floor().clamp_max(most)


def _factor(level: Tensor, _: Tensor) -> Tensor:
    return level / FULL * 1.8 + 0.1


def _away(level: Tensor, sign: Tensor) -> Tensor:
    return (1 + sign * level / FULL * 0.9).clamp_min(0.1)


TONES: Mapping[str, tuple[Tone, Argument, Argument]] = {
    "auto_contrast": (tones.auto_contrast, _level, _level),
    "equalize": (tones.equalize, _level, _level),
    "invert": (tones.invert, _level, _level),
    "posterize": (tones.posterize, _whole(4, 8), _from(4)),
    "solarize": (tones.solarize, _whole(256, 256), _from(256)),
    "solarize_add": (tones.solarize_add, _whole(110, 128), _whole(110, 128)),
    "color": (tones.color, _factor, _away),
    "contrast": (tones.contrast, _factor, _away),
    "brightness": (tones.brightness, _factor, _away),
    "sharpness": (tones.sharpness, _factor, _away),
}
"""What changes values: the operator, its argument, and that where it increases with the level."""

WARPS = {"rotate": 30.0, "shear_x": 0.3, "shear_y": 0.3, "translate_x": 0.45, "translate_y": 0.45}
"""What moves pixels, and how far at full strength: degrees, pixels a row, shares of the side."""

NAMES = (*TONES, *WARPS)
BILINEAR, BICUBIC, ALONE = len(TONES), len(TONES) + 1, len(TONES) + 2
"""Images that are treated alike: those of a tone, then these."""


class RandAugment:
    """A policy for batches of bytes.

    Args:
        name: timm's name of the policy.
        mean: of the channels, on the scale 0 to 1; fills what a warp leaves empty.
        interpolation: of the warps; None draws one an image, as timm does where none is given.
    """

    def __init__(
        self, name: str, mean: tuple[float, ...], interpolation: Interpolation | None = None
    ) -> None:
        self.policy = parse_policy(name)
        self._interpolation = interpolation
        self._fill = torch.tensor([min(255, round(255 * value)) for value in mean]).byte()

    def __call__(self, pixels: Tensor, draw: Draw) -> Tensor:
        """Bytes (K, C, H, W) of the images of `draw`; bytes of the same size come back."""
        for _ in range(self.policy.layers):
            kinds = draw.integers(len(NAMES))
            applied = draw.chance(self.policy.probability)
            levels, signs = self.policy.levels(draw), 2 * draw.integers(2) - 1
            bicubic = draw.integers(2).bool()
            if self._interpolation is not None:
                bicubic.fill_(self._interpolation == "bicubic")
            kinds = kinds.where(applied, -1)
            pixels = self.apply(pixels, kinds, levels, signs, bicubic)
        return pixels

    def apply(
        self, pixels: Tensor, kinds: Tensor, levels: Tensor, signs: Tensor, bicubic: Tensor
    ) -> Tensor:
        """One operator an image, for all images of an operator at once.

        Args:
            pixels: bytes (K, C, H, W).
            kinds: the operator's place in `NAMES`, -1 for none, int64 (K,).
            levels: float64 (K,).
            signs: 1 or -1, (K,).
            bicubic: whether a warp samples so, or else bilinear, bool (K,).
        """
        groups = kinds.where(kinds < BILINEAR, BILINEAR + bicubic.long()).where(kinds >= 0, ALONE)
        order = groups.argsort(stable=True)
        kinds, levels, signs = kinds[order], levels[order], signs[order]
        place = order.to(pixels.device, non_blocking=True)
        sizes = groups.bincount(minlength=ALONE + 1).tolist()
        parts, start = list(pixels.index_select(0, place).split(sizes)), 0
        for group, size in enumerate(sizes[:ALONE]):
            here = slice(start, start + size)
            if size:
                parts[group] = self._alike(
                    group, parts[group], kinds[here], levels[here], signs[here]
                )
            start += size
        return torch.cat(parts).index_select(0, place.argsort())

    def _alike(
        self, group: int, pixels: Tensor, kinds: Tensor, levels: Tensor, signs: Tensor
    ) -> Tensor:
        if group < BILINEAR:
            tone, falling, rising = TONES[NAMES[group]]
            argument = (rising if self.policy.increasing else falling)(levels, signs)
            return tone(pixels, argument.float().to(pixels.device, non_blocking=True))
        most = torch.tensor([*WARPS.values()], dtype=torch.float64)[:, None]
        changed = kinds == torch.arange(BILINEAR, len(NAMES))[:, None]
        amounts = changed * most * signs * levels / FULL
        maps = matrices(amounts[0], amounts[1:3], amounts[3:], pixels.shape[2], pixels.shape[3])
        fill = self._fill.to(pixels.device, non_blocking=True)
        return warp(pixels, maps, fill, "bicubic" if group == BICUBIC else "bilinear")
