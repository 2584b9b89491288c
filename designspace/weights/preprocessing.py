"""The input that published weights were trained for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from designspace.spec.crops import Interpolation


@dataclass(frozen=True)
class Preprocessing:
    """How an image becomes the input; the defaults are the ImageNet evaluation that authors share.

    Attributes:
        mean: A channel, on the scale 0 to 1.
        std: A channel, likewise.
        crop_pct: The short side is resized to size / crop_pct, then the center is cropped; None
            where it is not known.
        interpolation: Of that resizing.
        size: Side of the input; None for the network's nominal one.
    """

    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    crop_pct: float | None = 0.875
    interpolation: Interpolation = "bicubic"
    size: int | None = None

    @staticmethod
    def from_facts(facts: Mapping[str, Any]) -> Preprocessing:
        """From what stands in a file of ours."""
        return Preprocessing(
            tuple(facts["mean"]),
            tuple(facts["std"]),
            facts.get("crop_pct"),
            facts.get("interpolation", "bicubic"),
            facts.get("size"),
        )

    @staticmethod
    def from_timm(settings: Mapping[str, Any]) -> Preprocessing:
        """From timm's `pretrained_cfg`."""
        return Preprocessing(
            tuple(settings["mean"]),
            tuple(settings["std"]),
            settings["crop_pct"],
            settings["interpolation"],
            settings["input_size"][-1],
        )

    def at(self, size: int | None) -> Preprocessing:
        """The same at another size; None for this one."""
        return replace(self, size=size or self.size)

    def facts(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


IMAGENET = Preprocessing()
