"""What a training says of itself: an `Epoch` an epoch, a `Score` a measurement, a `Divergence`."""

from __future__ import annotations

from typing import Literal, Self

from designspace.errors import DivergedError
from designspace.records.life_cycle import Status
from designspace.records.record_model import RecordModel


class TimeSplit(RecordModel):
    """Seconds of an epoch: waiting for data, forward, backward, the optimizer's step, validation.

    Data include augmentation and mixing, the step includes clipping and the moving average.
    """

    data: float
    forward: float
    backward: float
    step: float
    validation: float


class Epoch(RecordModel):
    """One epoch of training, and the validation split measured at its end.

    Attributes:
        epoch: counted from 1.
        train_loss: mean loss of the training batches, smoothed and mixed as the recipe says.
        loss: plain cross-entropy on the validation split.
        top1: percent on the validation split.
        top5: percent on the validation split; None of five classes or fewer, where it says nothing.
        lr: learning rate of the epoch's last step.
        seconds: of training and validation together. Of an epoch that a process entered midway,
            this and `time` are of the rest that it trained.
        images_per_second: training images over the time of training alone.
        time: where the seconds went; None where it was not measured.
        peak_memory: bytes: of the GPU's allocator in this epoch, on a CPU of the process so far.
        note: a sentence on the process that reported it, such as a damaged checkpoint that it
            passed over; None where there is nothing to say.
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

    `top5` is None of five classes or fewer, where it says nothing.
    """

    top1: float
    top5: float | None
    loss: float
    n: int

    def __str__(self) -> str:
        """The accuracies for people."""
        five = "" if self.top5 is None else f", top-5 {self.top5:.2f}%"
        return f"top-1 {self.top1:.2f}%{five}"


ReadBy = Literal["search", "train", "eval"]


class TestReading(RecordModel):
    """One reading of the test split.

    Attributes:
        trial: the trial that was measured; None for a run outside a study.
        split: which split was read.
        top1: percent.
        top5: percent; None of five classes or fewer, where it says nothing.
        loss: plain cross-entropy; None where an old study did not record it.
        n: number of images.
        when: ISO 8601 in UTC; None where an old run did not record it.
        command: the command that read the split.
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
    """Where a training's loss stopped being a number.

    Attributes:
        epoch: in which, counted from 1.
        step: its first step whose loss is not finite, counted from 1.
        lr: learning rate when that was seen, at most 15 steps later.
        cause: what it likely comes from, and what to try.
    """

    epoch: int
    step: int
    lr: float
    cause: str

    @classmethod
    def of(cls, error: DivergedError) -> Self:
        """What the error says, as plain data."""
        return cls(epoch=error.epoch, step=error.step, lr=error.lr, cause=error.cause)

    def __str__(self) -> str:
        return f"at epoch {self.epoch}, step {self.step}, lr {self.lr:.2e}; {self.cause}"


def require_divergence(state: Status, divergence: Divergence | None) -> None:
    """Check that a training says where it diverged, and that no other one says so.

    Raises:
        ValueError: It does not; as a pydantic validator, this names the record's field.
    """
    if (state == "diverged") != (divergence is not None):
        what = "needs" if state == "diverged" else "has no"
        raise ValueError(f"a training that is {state} {what} divergence")
