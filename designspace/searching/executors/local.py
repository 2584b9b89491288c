"""The local executor: one trial after the other, in this process."""

from __future__ import annotations

from designspace.errors import DesignspaceError
from designspace.failures.gpu import CANNOT_GO_ON
from designspace.searching.driver import Driver, Start
from designspace.searching.trials.trainable import Attempt, Failure


def execute(driver: Driver) -> None:
    """Run a study to its end, the winner's test included.

    Raises:
        KeyboardInterrupt: A signal asked to stop; all training so far is recorded.
        DesignspaceError: The GPU failed, and this process can no longer use it.
    """
    while (start := driver.next()) is not None:
        _run(driver, start)


def _run(driver: Driver, start: Start) -> None:
    attempt = Attempt(driver.request.factory, start.job, start.epoch, task=start.task)
    said = attempt.step()
    while driver.report(start.trial, start.attempt, said) == "continue":
        said = attempt.step()
    if isinstance(said, Failure) and said.fatal:
        raise DesignspaceError(f"trial {start.trial}: {said.error}; {CANNOT_GO_ON}")
    attempt.close()
