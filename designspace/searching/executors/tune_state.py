"""What the parts of an executor that works by callbacks share, without any such executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from designspace.errors import DesignspaceError
from designspace.records.training import Epoch, Score
from designspace.searching.driver import Driver, Start
from designspace.searching.trials.trainable import Failure

T = TypeVar("T")


class Bridge:
    """What Tune's parts share: the driver, whose attempt each Tune trial is, and why to stop."""

    def __init__(self, driver: Driver, slots: int, *, own: bool) -> None:
        self.driver, self.slots, self.own = driver, slots, own
        self.running: dict[str, Start] = {}
        self.interrupted, self.lost = False, ""
        self.error: DesignspaceError | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its parts for a restore that never happens."""
        return {}

    @property
    def halting(self) -> bool:
        """Whether Tune's loop is to end before the study does."""
        return self.interrupted or bool(self.lost) or self.error is not None

    def start(self, key: str) -> Start | None:
        """The next attempt, where a slot is free."""
        if self.halting or len(self.running) >= self.slots:
            return None
        started = self._guarded(self.driver.next)
        if started is not None:
            self.running[key] = started
        return started

    def report(self, key: str, said: Epoch | Score | Failure) -> bool:
        """Report a step; whether the attempt goes on."""
        start = self.running[key]
        decision = self._guarded(lambda: self.driver.report(start.trial, start.attempt, said))
        if decision != "continue":
            del self.running[key]
        return decision == "continue"

    def _guarded(self, call: Callable[[], T]) -> T | None:
        """The call's answer; what the user must know is kept until Tune's loop was left."""
        try:
            return call()
        except DesignspaceError as error:
            self.error = error
            return None

    def on_signal(self, *_: object) -> None:
        """Ask the loop to end; the second time break it off."""
        if self.interrupted or self.lost:
            raise KeyboardInterrupt
        self.interrupted = True
