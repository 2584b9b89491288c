"""Measurements of a training: per-epoch results, scores on a split, and divergences."""

from __future__ import annotations

from typing import Literal, Self

from designspace.errors import DivergedError
from designspace.records.life_cycle import Status
from designspace.records.record_model import RecordModel


class TimeSplit(RecordModel):
    """Seconds of an epoch: waiting for data, forward, backward, optimizer step, validation.

    `data` includes augmentation and mixing, `step` includes clipping and the moving average.
    """

    data: float
    forward: float
    backward: float
    step: float
    validation: float


class Epoch(RecordModel):
    """One epoch of training, and the validation split measured at its end.

    Attributes:
        epoch: Number of the epoch, counted from 1.
        train_loss: Mean loss of the training batches, with the recipe's smoothing and mixing.
        loss: Plain cross-entropy on the validation split.
        top1: Accuracy on the validation split in percent.
        top5: Accuracy on the validation split in percent; None for five classes or fewer, where it
            carries no information.
        lr: Learning rate of the epoch's last step.
        seconds: Duration of training and validation together [s]. If a process resumed within the
            epoch, this and `time` cover only the part that it trained.
        images_per_second: Training images per second of training time alone.
        time: Seconds by activity; None if they were not measured.
        peak_memory: Peak memory in bytes: on a GPU of its allocator in this epoch, on a CPU of the
            process so far.
        note: Sentence on the process that reported the epoch, such as a damaged checkpoint that it
            skipped; None if there is nothing to say.
    """

    epoch: int
    train_loss: float
    loss: float
    top1: float
    top5: float | None
    lr: float
    seconds: float
    images_per_second: float
    time: TimeSplit | None = None
    peak_memory: int | None = None
    note: str | None = None


class Score(RecordModel):
    """A measurement of a network on one split: percent, plain cross-entropy, image count.

    `top5` is None for five classes or fewer, where it carries no information.
    """

    top1: float
    top5: float | None
    loss: float
    n: int

    def __str__(self) -> str:
        """Return the accuracies as text for people."""
        five = "" if self.top5 is None else f", top-5 {self.top5:.2f}%"
        return f"top-1 {self.top1:.2f}%{five}"


ReadBy = Literal["search", "train", "eval"]


class TestReading(RecordModel):
    """One reading of the test split.

    Attributes:
        trial: Number of the trial that was measured; None for a run outside a study.
        split: Split that was read.
        top1: Accuracy in percent.
        top5: Accuracy in percent; None for five classes or fewer, where it carries no information.
        loss: Plain cross-entropy; None if an old study did not record it.
        n: Number of images.
        when: Time, ISO 8601 in UTC; None if an old run did not record it.
        command: Command that read the split.
    """

    __test__ = False

    trial: int | None = None
    split: Literal["test"] = "test"
    top1: float
    top5: float | None
    loss: float | None = None
    n: int
    when: str | None = None
    command: ReadBy


class Divergence(RecordModel):
    """The point at which the loss of a training is no longer finite.

    Attributes:
        epoch: Epoch of the divergence, counted from 1.
        step: First step of the epoch with a loss that is not finite, counted from 1.
        lr: Learning rate when the loss was checked, at most 15 steps later.
        cause: Likely cause, and what to try.
    """

    epoch: int
    step: int
    lr: float
    cause: str

    @classmethod
    def of(cls, error: DivergedError) -> Self:
        """Return the facts of an error as plain data."""
        return cls(epoch=error.epoch, step=error.step, lr=error.lr, cause=error.cause)

    def __str__(self) -> str:
        return f"at epoch {self.epoch}, step {self.step}, lr {self.lr:.2e}; {self.cause}"


def require_divergence(state: Status, divergence: Divergence | None) -> None:
    """Check that a diverged training, and only a diverged one, has a divergence.

    Raises:
        ValueError: The check fails; in a pydantic validator, the error names the record's field.
    """
    if (state == "diverged") != (divergence is not None):
        what = "needs" if state == "diverged" else "has no"
        raise ValueError(f"a training that is {state} {what} divergence")
