"""Reading the test split of a study or a run: freely once, then only on request; all recorded."""

from __future__ import annotations

from designspace.errors import InputError
from designspace.evaluation.images import Chosen
from designspace.evaluation.subject import Training
from designspace.records.readings import (
    ensure_recordable,
    readings,
    record_reading,
    times_read,
)
from designspace.records.training import Score, TestReading


def check_reading(training: Training | None, images: Chosen, *, again: bool) -> None:
    """Refuse to read a test split again unless that is asked for.

    Call this before anything is measured: a reading that cannot be recorded must not happen.

    Args:
        training: Run or trial that is measured; None for weights from elsewhere.
        images: Images to measure on.
        again: Whether the user asks for another reading.

    Raises:
        InputError: The split was read before, or its study or run is being written.
    """
    if training is None or not counts(images):
        return
    before = len(readings(training.directory))
    if before and not again:
        raise InputError(
            f"the test split was {times_read(before)} already",
            file=str(training.directory),
            hint="--retest reads it again, which is recorded",
        )
    ensure_recordable(training.directory)


def note_reading(training: Training | None, images: Chosen, score: Score) -> int | None:
    """Record that the test split was read; return the number of readings, or None if not recorded.

    Raises:
        InputError: The study or the run is being written by another process.
    """
    if training is None or not counts(images):
        return None
    reading = TestReading(trial=training.trial, **score.model_dump(), command="eval")
    record_reading(training.directory, reading)
    return len(readings(training.directory))


def counts(images: Chosen) -> bool:
    """Return whether these images are the test split of the training's own data."""
    return images.own and images.part == "test"
