"""What a training says of itself: one `Epoch` an epoch, one `Score` a measurement."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class TimeSplit(BaseModel):
    """Seconds of an epoch: waiting for data, forward, backward, the optimizer's step, validation.

    Data include augmentation and mixing, the step includes clipping and the moving average.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: float
    forward: float
    backward: float
    step: float
    validation: float


class Epoch(BaseModel):
    """One epoch of training, and the validation split measured at its end.

    Attributes:
        epoch: counted from 1.
        train_loss: mean loss of the training batches, smoothed and mixed as the recipe says.
        loss: plain cross-entropy on the validation split.
        top1: percent on the validation split.
        top5: percent on the validation split.
        lr: learning rate of the epoch's last step.
        seconds: of training and validation together.
        images_per_second: training images over the time of training alone.
        split: where the time went; null in records from before it was taken.
        peak_memory: bytes: of the GPU's allocator in this epoch, on a CPU of the process so far.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int
    train_loss: float
    loss: float
    top1: float
    top5: float
    lr: float
    seconds: float
    images_per_second: float
    split: TimeSplit | None = None
    peak_memory: int | None = None


class Score(BaseModel):
    """A measurement of a network on one split: percent, plain cross-entropy, image count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    top1: float
    top5: float
    loss: float
    n: int
