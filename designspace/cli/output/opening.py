"""The two lines before a training or a search: the data, then network, device and time.

The time is measured, not guessed. A training prints it as soon as its first steps are done. A
search uses a few steps of the base network, or the epochs that it has recorded. For example, if 10
steps take 2 s and 1,000 steps remain, the estimate is 200 s.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from designspace.images.data import Data
    from designspace.records.study.state import StudyState
    from designspace.searching.request import Request
    from designspace.training.run import Run

WARM_UP, STEPS, PATIENCE = 2, 10, 10.0
"""Number of steps left out, number of steps timed, and seconds after which fewer suffice."""
_SAMPLE = 500
"""Images of a streamed set on which its pixel statistics are measured for the opening line."""


@dataclass
class TrainingOpening:
    """Two lines and the notes of a run; the second line waits for the first steps."""

    run: Run
    trainings: int = 1
    _ticks: list[float] = field(default_factory=list[float])
    _told: bool = False

    @property
    def data_line(self) -> str:
        """Description of the run's data."""
        from designspace.images.overview.summary import opening_line

        return opening_line(self.run.data, self.run.view.mean, self.run.view.std)

    def stepped(self, done: int, steps: int) -> Iterator[str]:
        """Yield the second line and the notes after a step, once, as soon as the time is known."""
        if self._told:
            return
        self._ticks.append(self._clock(waits=len(self._ticks) == WARM_UP - 1))
        timed = len(self._ticks) - WARM_UP
        late = self._ticks[-1] - self._ticks[0] > PATIENCE
        if timed >= STEPS or (timed > 0 and (late or done == steps)):
            self._ticks[-1] = self._clock(waits=True)
            pace = (self._ticks[-1] - self._ticks[WARM_UP - 1]) / timed
            left = (self.run.epochs - self.run.epoch) * steps - done
            yield from self._tell(pace * left)

    def _clock(self, *, waits: bool) -> float:
        """Return the time in seconds; with `waits`, after the GPU has finished its work."""
        from designspace.compiler.device import wait_for

        if waits:
            wait_for(self.run.device)
        return time.perf_counter()

    def rest(self) -> Iterator[str]:
        """Yield the lines that were not printed yet, without a time."""
        if not self._told:
            yield from self._tell(None)

    def _tell(self, seconds: float | None) -> Iterator[str]:
        from designspace.cli.output.duration import minutes
        from designspace.costing import cost
        from designspace.reporting.drawing.numbers import macs_text

        self._told = True
        run, data = self.run, self.run.data
        size, spec = run.view.size, run.spec
        table = cost(spec, size, in_channels=data.channels, num_classes=data.num_classes)
        several = (
            f" of {self.trainings} trainings one after the other" if self.trainings > 1 else ""
        )
        left = "" if seconds is None else f"; about {minutes(seconds)} left{several}"
        yield (
            f"network {spec.name or 'unnamed'}: {table.params:,} params, "
            f"{macs_text(table.macs)} at {size}x{size}; {run.epochs} epochs of recipe "
            f"{run.recipe.name} on {device_words(run.device)}{left}"
        )
        yield from run.notes
        yield from (f"skipped: {name}" for name in run.skipped)


@dataclass(frozen=True)
class SearchOpening:
    """The two opening lines of a search, which has many networks."""

    request: Request
    data: Data

    @property
    def data_line(self) -> str:
        """Description of the data of all trials."""
        from designspace.images.overview.summary import opening_line
        from designspace.images.statistics import measure

        pixels = measure(self.data.train, _SAMPLE)
        return opening_line(self.data, pixels.mean, pixels.std)

    def seconds(self, state: StudyState) -> float | None:
        """Estimate the seconds until the search ends; None without recorded epochs or a timing."""
        from designspace.searching.plan import expected_epochs, parallel

        epochs = [epoch for trial in state.trials.values() for epoch in trial.history]
        pace = fmean(epoch.seconds for epoch in epochs) if epochs else self._timed()
        if pace is None:
            return None
        left = max(expected_epochs(self.request) - len(epochs), 0)
        return pace * left / parallel(self.request)

    def network_line(self, seconds: float | None) -> str:
        """Return the space, its base network, and the device and duration of its trials."""
        from designspace.cli.output.duration import minutes
        from designspace.reporting.drawing.numbers import macs_text
        from designspace.searching.proposers.proposer import base_point

        request = self.request
        spec = request.space.spec(base_point(request.space))
        price = request.cost(spec)
        size = request.data.image_size or spec.input_size
        left = "" if seconds is None else f"; roughly {minutes(seconds)} if all cost as much"
        return (
            f"network {spec.name or 'unnamed'} and its variants in space {request.space.name}: "
            f"{price.params:,} params, {macs_text(price.macs)} at {size}x{size}; "
            f"{request.trials} trials of at most {request.epochs} epochs on "
            f"{trials_words(request)}{left}"
        )

    def _timed(self) -> float | None:
        """Measure the seconds per epoch of the base network.

        Returns None on a GPU, which this process leaves to the trials, and if the base cannot be
        trained; its own trial then reports why.
        """
        import torch

        from designspace.errors import DesignspaceError
        from designspace.failures.words import in_one_line
        from designspace.searching.plan import time_epoch

        request = self.request
        if request.resources.device != "cpu":
            return None
        threads = torch.get_num_threads()
        torch.set_num_threads(request.resources.cpus)
        try:
            with in_one_line():
                return time_epoch(request, self.data)
        except DesignspaceError:
            return None
        finally:
            torch.set_num_threads(threads)


def device_words(name: str) -> str:
    """Describe a device and its model, as far as this machine knows it."""
    from designspace.compiler.device import described

    return described(name) or f"{name} of the cluster"


def trials_words(request: Request) -> str:
    """Describe the device of the trials, the resources per trial, and the trials at a time."""
    from designspace.searching.plan import parallel

    asked = request.resources
    cpus = f"{asked.cpus} CPU{'' if asked.cpus == 1 else 's'}"
    gpus = "1 GPU" if asked.gpus == 1 else f"{asked.gpus:g} of a GPU"
    each = f"{gpus} and {cpus}" if asked.gpus else cpus
    device = device_words(asked.device).removesuffix(")")
    opened = "; " if "(" in device else " ("
    return f"{device}{opened}{each} per trial, {parallel(request)} at a time)"
