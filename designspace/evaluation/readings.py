"""Reading the test split of a study or a run: once freely, again only on request, on record."""

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
    """Refuse to read a test split again that was read before, unless that is asked for.

    To be called before anything is measured: a reading that cannot be recorded does not happen.

    Args:
        training: The run or trial that is measured.
        images: What it is measured on.
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
    """Record that the test split was read; how often that makes it, None where it is not kept.

    Raises:
        InputError: The study or the run is being written by another process.
    """
    if training is None or not counts(images):
        return None
    reading = TestReading(trial=training.trial, **score.model_dump(), command="eval")
    record_reading(training.directory, reading)
    return len(readings(training.directory))


def counts(images: Chosen) -> bool:
    """Whether these are the images that the training must see only once."""
    return images.own and images.part == "test"
