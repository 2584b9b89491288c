"""What to measure, and how long."""

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
        modes: `infer` (forward without gradients) and `train` (forward, cross-entropy, backward,
            AdamW).
        batch_sizes: Images a step; each is a row.
        input_size: Side of the image; as the network was trained, else the spec's own.
        num_classes: Number of classes; as the network was trained, else 1000.
        in_channels: Channels of the image; as the network was trained, else 3.
        device: `cpu` or `cuda`.
        precision: To infer, weights and images have it. To train, the weights are float32 and the
            forward pass autocasts, float16 with a scaled loss.
        layout: Memory layout of images and convolution weights, in torch's words, for both sides of
            a comparison. Our networks make contiguous images channels-last before the stem; timm's
            convolutions keep the layout that they get.
        compiled: Through `torch.compile`, anew for each row, with fixed shapes.
        rounds: Measurements at most; at least one is made.
        seconds: Time after which no further round of a row begins, if three were made.
        threads: Of torch on the CPU; as torch has it by default.
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
        """Refuse what cannot be measured.

        Raises:
            InputError: An unknown word, a device that is not here, nothing to measure.
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
        """Return the same with the task of one network."""
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
        """The precision in torch's words."""
        return getattr(torch, self.precision)

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout in torch's words."""
        last = self.layout == "channels_last"
        return torch.channels_last if last else torch.contiguous_format


def _one_of(word: str, valid: tuple[str, ...], path: str) -> None:
    if word not in valid:
        raise InputError(f"unknown {path} '{word}'", path=path, hint=did_you_mean(word, valid))
