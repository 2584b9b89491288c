"""The shared state of Tune's callbacks, without an import of Ray."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from designspace.errors import DesignspaceError
from designspace.records.training import Epoch, Score
from designspace.searching.driver import Driver, Start
from designspace.searching.trials.trainable import Failure

T = TypeVar("T")


class Bridge:
    """The state that Tune's parts share: the driver, the running attempts, and reasons to stop."""

    def __init__(self, driver: Driver, slots: int, *, own: bool) -> None:
        self.driver, self.slots, self.own = driver, slots, own
        self.running: dict[str, Start] = {}
        self.interrupted, self.lost = False, ""
        self.error: DesignspaceError | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing: Tune pickles its parts for a restore that never happens."""
        return {}

    @property
    def halting(self) -> bool:
        """Whether Tune's loop must end before the study does."""
        return self.interrupted or bool(self.lost) or self.error is not None

    def start(self, key: str) -> Start | None:
        """Return the next attempt; None if no slot is free, none is left, or the loop must end."""
        if self.halting or len(self.running) >= self.slots:
            return None
        started = self._guarded(self.driver.next)
        if started is not None:
            self.running[key] = started
        return started

    def report(self, key: str, said: Epoch | Score | Failure) -> bool:
        """Report a step; return whether the attempt continues."""
        start = self.running[key]
        decision = self._guarded(lambda: self.driver.report(start.trial, start.attempt, said))
        if decision != "continue":
            del self.running[key]
        return decision == "continue"

    def _guarded(self, call: Callable[[], T]) -> T | None:
        """Call a function; keep its error until Tune's loop has ended, and return None."""
        try:
            return call()
        except DesignspaceError as error:
            self.error = error
            return None

    def on_signal(self, *_: object) -> None:
        """Ask the loop to end; at the second signal, interrupt it."""
        if self.interrupted or self.lost:
            raise KeyboardInterrupt
        self.interrupted = True
