"""The live table of a search; a plain line an event where there is no terminal."""

from __future__ import annotations

import io
import signal
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from designspace.records.events import Ended, EpochEnded, Event, SplitRead, Started, StudyChanged
from designspace.records.readings import times_read
from designspace.records.state import StudyState, TrialState

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from designspace.search.request import Outcome, Request

RECENT = 8  # rows of trials


class LiveTable:
    """An observer of a study that draws on a stream; a context, so that the terminal is restored.

    The stream must be `quiet.terminal()`, since the process's own output goes to a log meanwhile.
    """

    def __init__(self, stream: TextIO, epochs: int) -> None:
        """Draw on a stream a study whose trials have so many epochs."""
        self._stream, self._epochs = stream, epochs
        self._live: Live | None = None
        self._began, self._trained = time.monotonic(), 0

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
            self._live.stop()

    def __call__(self, event: Event, state: StudyState) -> None:
        """Show an event."""
        self._trained += isinstance(event, EpochEnded)
        if self._live is not None:
            self._live.update(table(state, self._left(state)))
            return
        line = describe(event, state, self._epochs)
        if line:
            self._write(line)

    def _write(self, line: str) -> None:
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except BrokenPipeError:  # whoever read is gone: end as after Ctrl-C, with all recorded
            self._stream = io.StringIO()
            signal.raise_signal(signal.SIGINT)

    def _left(self, state: StudyState) -> float | None:
        """Seconds to go at the pace so far, None before there is one."""
        if not self._trained:
            return None
        pace = (time.monotonic() - self._began) / self._trained
        return pace * epochs_left(state, self._epochs)


def watched(request: Request, *, quiet: bool) -> Outcome:
    """Run a study under a live table on the terminal; quiet, without one."""
    from designspace.search.quiet import terminal
    from designspace.search.study import run_study

    if quiet:
        return run_study(request)
    with terminal() as stream, LiveTable(stream, request.epochs) as live:
        return run_study(request, live)


def epochs_left(state: StudyState, epochs: int) -> float:
    """Epochs still to train, if trials to come last as long as those that ended."""
    ended = [t.epochs for t in state.trials.values() if t.state in ("done", "stopped", "failed")]
    usual = sum(ended) / len(ended) if ended else float(epochs)
    live = [t.epochs for t in state.trials.values() if t.state in ("waiting", "running")]
    to_come = state.wanted - len(state.trials)
    return to_come * usual + sum(max(usual - done, 1.0) for done in live)


def describe(event: Event, state: StudyState, epochs: int) -> str:
    """One plain line for an event, empty for those that only matter to the ledger."""
    match event:
        case StudyChanged():
            return f"study {event.action}: {finished(state)} of {event.trials} trials"
        case Started() if event.attempt > 1:
            return f"trial {event.trial}: attempt {event.attempt} from epoch {event.epoch}"
        case EpochEnded():
            return f"trial {event.trial}: epoch {event.epoch}/{epochs}, top-1 {event.top1:.1f} %"
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
    """Trials in a final state."""
    return state.count("done", "stopped", "failed")


def table(state: StudyState, left: float | None) -> Table:
    """The counts, the best, the time left, and the latest trials."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = Table(box=box.SIMPLE, title=summary(state, left), title_justify="left")
    for column in ("trial", "changes", "GMACs", "epoch", "top-1 %", "state"):
        rows.add_column(column, justify="left" if column in ("changes", "state") else "right")
    for trial in list(state.trials.values())[-RECENT:]:
        top1 = "" if trial.top1 is None else f"{trial.top1:.1f}"
        number, epochs = str(trial.number), str(trial.epochs)
        changed = Text(_changed(trial, state))  # as text: labels are no markup
        rows.add_row(number, changed, f"{trial.macs / 1e9:.4f}", epochs, top1, trial.state)
    return rows


def summary(state: StudyState, left: float | None) -> str:
    """One line: how many of which, the best so far, the time left."""
    counts = [f"{state.count(each)} {each}" for each in ("done", "running", "stopped", "failed")]
    parts = [f"{finished(state)}/{state.wanted} trials", *counts]
    if state.winner is not None:
        parts.append(f"best {state.winner.top1:.1f} % (trial {state.winner.number})")
    if left is not None:
        parts.append(f"about {minutes(left)} left")
    elif finished(state) < state.wanted:
        parts.append("starting")
    return " · ".join(parts)


def minutes(seconds: float) -> str:
    """A duration for people."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole / 3600:.1f} h"


def _changed(trial: TrialState, state: StudyState) -> str:
    """The labels that differ from the base's."""
    from designspace.report.rows import base_of, changes_against

    differing = changes_against(trial.point, base_of(state))
    return ", ".join(str(change) for change in differing) or "(base)"
