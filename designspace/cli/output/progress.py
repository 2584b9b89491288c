"""The progress of a training: a bar on a terminal, one line per epoch otherwise."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from designspace.cli.output.opening import TrainingOpening
    from designspace.records.training import Epoch


class TrainingProgress:
    """Display of one training; a context manager that restores the terminal.

    With `quiet`, nothing is shown, as for JSON or in all but one process of a distributed run.
    """

    def __init__(self, epochs: int, opening: TrainingOpening | None = None, *, quiet: bool) -> None:
        """Show a training of this many epochs, which begins with the lines of `opening`."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._epochs, self._opening, self._quiet, self._done = epochs, opening, quiet, 0
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        live = sys.stdout.isatty() and not quiet
        self._progress = Progress(*columns, console=Console(stderr=quiet), disable=not live)
        self._bar = self._progress.add_task(f"epoch 1/{epochs}", total=epochs)

    def __enter__(self) -> Self:
        if self._opening is not None:
            self._say([self._opening.data_line])
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            with contextlib.suppress(OSError):  # the terminal was closed
                self._progress.stop()
            return
        self._say_rest()
        self._progress.stop()

    def on_step(self, done: int, steps: int) -> None:
        """Move the bar within an epoch, and print the time left as soon as it is known."""
        self._progress.update(self._bar, completed=self._done + done / steps)
        if self._opening is not None:
            self._say(self._opening.stepped(done, steps))

    def on_epoch(self, epoch: Epoch) -> None:
        """Show the results of an epoch."""
        self._say_rest()
        self._done = epoch.epoch
        shown = f"epoch {min(epoch.epoch + 1, self._epochs)}/{self._epochs}"
        self._progress.update(self._bar, completed=epoch.epoch, description=shown)
        if not self._quiet:
            self._say(
                [
                    f"epoch {epoch.epoch}/{self._epochs}  train loss {epoch.train_loss:.4f}  "
                    f"validation loss {epoch.loss:.4f}  top-1 {epoch.top1:.2f}%  "
                    f"{epoch.images_per_second:,.0f} images/s"
                ]
            )

    def _say_rest(self) -> None:
        if self._opening is not None:
            self._say(self._opening.rest())

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._progress.console.print(line, soft_wrap=True, markup=False, highlight=False)
