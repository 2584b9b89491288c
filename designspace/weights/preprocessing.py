"""The input that published weights were trained for, and the view that they were measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from designspace.spec.recipe.crops import CropMode, Interpolation

_WHERE_KNOWN = ("license", "origin_url", "hf_hub_id")
_WIDE = 96
_WARPED = 384


@dataclass(frozen=True)
class Preprocessing:
    """The steps from an image to the input; the defaults are the usual ImageNet evaluation.

    Attributes:
        mean: Mean per channel, on the scale 0 to 1.
        std: Standard deviation per channel, on the scale 0 to 1.
        crop_pct: Share of the resized side that the center crop keeps: the side is resized to size
            / crop_pct; None if unknown.
        interpolation: Interpolation of that resizing.
        size: Side of the input in pixels; None for the network's nominal size.
        crop_mode: Side that is resized, by timm's names: `center` for the short side, `squash` for
            both (the aspect ratio changes), `border` for the long side (the rest is filled with the
            mean).
        license: License of the weights, as their source names it; None if the source does not state
            it.
        origin_url: Page or file that the weights come from; None if the source does not state it.
        hf_hub_id: Repository of the weights on the Hugging Face hub; None if the source does not
            state it.
    """

    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    crop_pct: float | None = 0.875
    interpolation: Interpolation = "bicubic"
    size: int | None = None
    crop_mode: CropMode = "center"
    license: str | None = None
    origin_url: str | None = None
    hf_hub_id: str | None = None

    @staticmethod
    def from_facts(facts: Mapping[str, Any]) -> Preprocessing:
        """Return the preprocessing from the facts in a file of ours."""
        return Preprocessing(
            tuple(facts["mean"]),
            tuple(facts["std"]),
            facts.get("crop_pct"),
            facts.get("interpolation", "bicubic"),
            facts.get("size"),
            facts.get("crop_mode", "center"),
            **{name: facts.get(name) for name in _WHERE_KNOWN},
        )

    @staticmethod
    def from_timm(settings: Mapping[str, Any]) -> Preprocessing:
        """Return the preprocessing from timm's `pretrained_cfg`; any key may be missing."""
        shared = Preprocessing()
        side = settings.get("input_size")
        return Preprocessing(
            tuple(settings.get("mean") or shared.mean),
            tuple(settings.get("std") or shared.std),
            settings.get("crop_pct") or shared.crop_pct,
            settings.get("interpolation") or shared.interpolation,
            side[-1] if side else None,
            settings.get("crop_mode") or "center",
            license=settings.get("license") or None,
            origin_url=settings.get("origin_url") or settings.get("url") or None,
            hf_hub_id=settings.get("hf_hub_id") or None,
        )

    def at(self, size: int | None) -> Preprocessing:
        """Return the same at another size in pixels; None keeps the size."""
        return replace(self, size=size or self.size)

    def on(self, channels: int) -> Preprocessing:
        """Return the same for images with another number of channels.

        One channel gets the average of the means and of the deviations, because a gray image is the
        same image in all three channels of an RGB network. More channels repeat the existing
        values, as the weights of the first convolution do.
        """
        if channels == len(self.mean):
            return self
        return replace(self, mean=_over(self.mean, channels), std=_over(self.std, channels))

    def facts(self) -> dict[str, Any]:
        """Return plain data; license and origin are included only if they are known."""
        facts = asdict(self)
        return {name: facts[name] for name in facts if facts[name] or name not in _WHERE_KNOWN}


IMAGENET = Preprocessing()


def published_view(
    family: str, size: int | None, *, origin: str = "official", width: int | None = None
) -> Preprocessing:
    """Return the view that a family's published weights were measured with, if no file states it.

    Sources are the authors' evaluation codes. ConvNeXt and V2 (`datasets.py`) warp to a square from
    384 pixels on; Swin (`data/build.py` with the 384 configurations' `TEST.CROP: False`) resizes to
    384 x 384 without a crop; PoolFormer's settings crop 0.9 (S) and 0.95 (M); pycls resizes
    bilinearly with OpenCV. All others resize the short side to size x 256 / 224 and crop.
    torchvision's ConvNeXt and Swin resize to about 232 for 224, its ResNet and RegNet (first
    weights) to 256, bilinearly except for Swin.

    Args:
        family: Family as in `Loaded.family`, such as `convnext`.
        size: Side of the input in pixels; None for the network's nominal size.
        origin: Publisher of the weights: `official`, `timm` or `torchvision`.
        width: Number of channels of the stem, which distinguishes PoolFormer's sizes.
    """
    known = Preprocessing(size=size)
    if origin == "torchvision":
        share = 224 / 232 if family in ("convnext", "swin") else 0.875
        return replace(
            known, crop_pct=share, interpolation="bicubic" if family == "swin" else "bilinear"
        )
    if family in ("convnext", "convnext_iso", "swin") and (size or 0) >= _WARPED:
        return replace(known, crop_pct=1.0, crop_mode="squash")
    if family == "poolformer":
        return replace(known, crop_pct=0.95 if (width or 0) >= _WIDE else 0.9)
    if family == "regnet" and origin == "official":
        return replace(known, interpolation="bilinear")
    return known


def _over(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    if channels == 1:
        return (sum(values) / len(values),)
    return tuple(values[channel % len(values)] for channel in range(channels))
