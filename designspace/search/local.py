"""The local executor: one trial after the other, in this process."""

from __future__ import annotations

from designspace.search.driver import Driver, Start
from designspace.search.trainee import Attempt


def execute(driver: Driver) -> None:
    """Run a study to its end, the winner's test included.

    Raises:
        KeyboardInterrupt: A signal asked to stop; what was trained is recorded.
    """
    while (start := driver.next()) is not None:
        _run(driver, start)


def _run(driver: Driver, start: Start) -> None:
    attempt = Attempt(driver.request.factory, start.job, start.epoch, task=start.task)
    while driver.report(start.trial, start.attempt, attempt.step()) == "continue":
        pass
