"""Settings of a measurement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch

from designspace.compiler.device import device_of
from designspace.errors import InputError, did_you_mean
from designspace.naming.task import IN_CHANNELS, NUM_CLASSES, Task
from designspace.records.measured.speed import Mode

Precision = Literal["float32", "bfloat16", "float16"]
Layout = Literal["channels_last", "contiguous"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The conditions of a measurement.

    Attributes:
        modes: Modes to measure: `infer` (forward without gradients) and `train` (forward,
            cross-entropy, backward, AdamW).
        batch_sizes: Numbers of images per step, one row each.
        input_size: Side of the image in pixels (default: as the network was trained, else the
            spec's own).
        num_classes: Number of classes (default: as the network was trained, else 1000).
        in_channels: Channels of the image (default: as the network was trained, else 3).
        device: Device, such as `cpu`, `cuda` or `cuda:1`.
        precision: Precision. For inference, weights and images are cast to it. For training, the
            weights are float32 and the forward pass autocasts, with a scaled loss for float16.
        layout: Memory layout of images and convolution weights, by torch's names, for both sides of
            a comparison. Our networks make contiguous images channels-last before the stem; timm's
            convolutions keep the layout that they get.
        compiled: Whether to use `torch.compile`, anew for each row, with fixed shapes.
        rounds: Largest number of rounds per row.
        seconds: Time limit per row, after at least three rounds [s].
        threads: Number of torch's threads on the CPU (default: torch's own).
    """

    modes: tuple[Mode, ...] = ("infer",)
    batch_sizes: tuple[int, ...] = (1,)
    input_size: int | None = None
    num_classes: int | None = None
    in_channels: int | None = None
    device: str = "cpu"
    precision: Precision = "float32"
    layout: Layout = "channels_last"
    compiled: bool = False
    rounds: int = 30
    seconds: float = 20.0
    threads: int | None = None

    def __post_init__(self) -> None:
        """Refuse settings that cannot be measured.

        Raises:
            InputError: A word or a device is unknown, the device is absent, or there is nothing to
                measure.
        """
        for mode in self.modes:
            _one_of(mode, get_args(Mode), "mode")
        _one_of(self.precision, get_args(Precision), "precision")
        _one_of(self.layout, get_args(Layout), "layout")
        if not self.modes or not self.batch_sizes or min(self.batch_sizes) < 1:
            raise InputError("takes one or more whole numbers from 1", path="batch_size")
        device_of(self.device)
        if self.precision == "float16" and not self.device.startswith("cuda"):
            raise InputError(
                "float16 is timed on CUDA only", path="precision", hint="use bfloat16 on the CPU"
            )

    def of(self, task: Task) -> Settings:
        """Return the settings with the numbers of classes and channels of one network's task."""
        return replace(self, num_classes=task.num_classes, in_channels=task.in_channels)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.num_classes or NUM_CLASSES

    @property
    def channels(self) -> int:
        """Channels of the image."""
        return self.in_channels or IN_CHANNELS

    @property
    def dtype(self) -> torch.dtype:
        """The precision as torch's dtype."""
        return getattr(torch, self.precision)

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout as torch's memory format."""
        last = self.layout == "channels_last"
        return torch.channels_last if last else torch.contiguous_format


def _one_of(word: str, valid: tuple[str, ...], path: str) -> None:
    if word not in valid:
        raise InputError(f"unknown {path} '{word}'", path=path, hint=did_you_mean(word, valid))
