"""The live table of a search; one plain line per event if there is no terminal."""

from __future__ import annotations

import contextlib
import errno
import io
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from designspace.cli.output.duration import minutes
from designspace.records.life_cycle import FINAL, STATUSES, UNFINISHED, Status
from designspace.records.readings import times_read
from designspace.records.study.events import (
    Ended,
    EpochEnded,
    Event,
    SplitRead,
    Started,
    StudyChanged,
)
from designspace.records.study.state import StudyState, Trial

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    from designspace.cli.output.opening import SearchOpening
    from designspace.searching.request import Outcome, Request

RECENT = 8  # number of trials in the table
_ALWAYS: tuple[Status, ...] = ("complete", "running", "stopped", "failed")  # even without trials


class LiveTable:
    """An observer of a study that draws on a stream; a context manager that restores the terminal.

    The stream must be `quiet.terminal()`, because the process's own output goes to a log meanwhile.
    """

    def __init__(self, stream: TextIO, epochs: int, opening: SearchOpening | None = None) -> None:
        """Draw on a stream a study whose trials have this many epochs, after its opening line."""
        self._stream, self._epochs, self._opening = stream, epochs, opening
        self._live: Live | None = None
        self._began, self._trained = time.monotonic(), 0
        self._bar = Bar()

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                console=Console(file=self._stream), redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._live is not None:
            with contextlib.suppress(OSError):  # the terminal was closed
                self._live.stop()

    def __call__(self, event: Event, state: StudyState) -> None:
        """Show an event."""
        self._open(event, state)
        self._trained += isinstance(event, EpochEnded)
        if self._live is not None:
            left = self._left(state)
            if left is not None:
                self._bar.left = left
            with self._heard():
                self._live.update(_stacked(table(state, left), self._bar))
            return
        line = describe(event, state, self._epochs)
        if line:
            self._write(line)

    def _open(self, event: Event, state: StudyState) -> None:
        """Print subject and expected duration of the search when the study begins or resumes."""
        opening = self._opening
        if opening is None or not isinstance(event, StudyChanged):
            return
        self._opening = None
        seconds = opening.seconds(state)
        # Timing the base network does not count towards the search's own pace.
        self._began, self._bar = time.monotonic(), Bar()
        if seconds is not None:
            self._bar.left = seconds
        line = opening.network_line(seconds)
        if self._live is None:
            self._write(line)
        else:
            self._live.console.print(line, soft_wrap=True, markup=False, highlight=False)

    def _write(self, line: str) -> None:
        with self._heard():
            self._stream.write(f"{line}\n")
            self._stream.flush()

    @contextmanager
    def _heard(self) -> Generator[None]:
        """Stop as after Ctrl-C, with everything recorded, if the reader or the terminal is gone.

        Other errors, such as a full disk, are raised.
        """
        try:
            yield
        except OSError as error:
            if not isinstance(error, BrokenPipeError) and error.errno != errno.EIO:
                raise
            self._stream, self._live = io.StringIO(), None
            signal.raise_signal(signal.SIGINT)

    def _left(self, state: StudyState) -> float | None:
        """Return the seconds left at the pace so far; None before any epoch has ended."""
        if not self._trained:
            return None
        pace = (time.monotonic() - self._began) / self._trained
        return pace * epochs_left(state, self._epochs)


class Bar:
    """A bar that moves with time, even while no trial reports; it pulses if the end is unknown.

    Attributes:
        began: Start, in seconds of a monotonic clock.
        now: Reading of the same clock when the time left was last updated.
    """

    def __init__(self) -> None:
        self.began = self.now = time.monotonic()
        self._left: float | None = None

    @property
    def left(self) -> float | None:
        """Seconds left at the last update; None before the first."""
        return self._left

    @left.setter
    def left(self, seconds: float) -> None:
        self.now, self._left = time.monotonic(), seconds

    def share(self, now: float) -> float | None:
        """Return the share of the time that has passed, at most 0.99; None if it is unknown."""
        if self._left is None:
            return None
        whole = self.now - self.began + self._left
        return min((now - self.began) / whole, 0.99) if whole > 0 else 0.99

    def __rich__(self) -> ProgressBar:
        """Return the bar as it is now; called several times per second."""
        from rich.progress_bar import ProgressBar

        share = self.share(time.monotonic())
        return ProgressBar(total=1, completed=share or 0, width=60, pulse=share is None)


def _stacked(rows: Table, bar: Bar) -> Group:
    from rich.console import Group

    return Group(rows, bar)


def watched(request: Request, opening: SearchOpening | None = None, *, quiet: bool) -> Outcome:
    """Run a study, with a live table on the terminal unless `quiet`."""
    from designspace.searching.ray_session.quiet import terminal
    from designspace.searching.study import run_study

    if quiet:
        return run_study(request)
    stream = terminal()
    try:
        with LiveTable(stream, request.epochs, opening) as live:
            return run_study(request, live)
    finally:
        with contextlib.suppress(OSError):  # the terminal was closed
            stream.close()


def epochs_left(state: StudyState, epochs: int) -> float:
    """Estimate the epochs still to train, if trials last as long as the average ended trial."""
    ended = [t.epochs for t in state.trials.values() if t.state in FINAL]
    usual = sum(ended) / len(ended) if ended else float(epochs)
    live = [t.epochs for t in state.trials.values() if t.state in UNFINISHED]
    to_come = state.wanted - len(state.trials)
    return to_come * usual + sum(max(usual - done, 1.0) for done in live)


def describe(event: Event, state: StudyState, epochs: int) -> str:
    """Describe an event in one plain line; empty for an event that matters only to the ledger."""
    match event:
        case StudyChanged():
            return f"study {event.action}: {finished(state)} of {event.trials} trials"
        case Started() if event.attempt > 1:
            return f"trial {event.trial}: attempt {event.attempt} from epoch {event.epoch}"
        case EpochEnded():
            note = f" ({event.note})" if event.note else ""
            done = f"epoch {event.epoch}/{epochs}"
            return f"trial {event.trial}: {done}, top-1 {event.top1:.1f} %{note}"
        case Ended():
            why = f": {event.error}" if event.error else ""
            of = f"{finished(state)} of {state.wanted}"
            return f"trial {event.trial}: {event.state} after epoch {event.epoch}{why} ({of})"
        case SplitRead():
            told = f"winner is trial {event.trial}: test top-1 {event.top1:.1f} % of {event.n}"
            return f"{told} ({times_read(len(state.readings))})"
        case _:
            return ""


def finished(state: StudyState) -> int:
    """Count the trials in a final state."""
    return state.count(*FINAL)


def table(state: StudyState, left: float | None) -> Table:
    """Return the table of the latest trials, with the summary as its title."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from designspace.reporting.drawing.numbers import macs_unit

    shown = list(state.trials.values())[-RECENT:]
    unit = macs_unit(trial.macs for trial in shown)
    rows = Table(box=box.SIMPLE, title=summary(state, left), title_justify="left")
    for column in ("trial", "changes", unit.name, "epoch", "top-1 %", "state"):
        is_text = column in ("changes", "state")
        rows.add_column(column, justify="left" if is_text else "right", overflow="fold")
    for trial in shown:
        top1 = "" if trial.top1 is None else f"{trial.top1:.1f}"
        number, epochs = str(trial.number), str(trial.epochs)
        changed = Text(_changed(trial, state))  # as text: labels are not markup
        rows.add_row(number, changed, unit.cell(trial.macs), epochs, top1, trial.state)
    return rows


def summary(state: StudyState, left: float | None) -> str:
    """Return one line: trials by state, the best so far, and the time left."""
    counts = [
        f"{state.count(status)} {status}"
        for status in STATUSES
        if state.count(status) or status in _ALWAYS
    ]
    parts = [f"{finished(state)}/{state.wanted} trials", *counts]
    if state.winner is not None:
        parts.append(f"best {state.winner.top1:.1f} % (trial {state.winner.number})")
    if left is not None:
        parts.append(f"about {minutes(left)} left")
    elif finished(state) < state.wanted:
        parts.append("starting")
    return " · ".join(parts)


def _changed(trial: Trial, state: StudyState) -> str:
    """Return the labels that differ from those of trial 0."""
    from designspace.reporting.study.rows import changes_against, reference_of

    differing = changes_against(trial.point, reference_of(state))
    same = "(nearest to the base)" if trial.repaired else "(base)"
    return ", ".join(str(change) for change in differing) or same
