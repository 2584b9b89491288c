"""The time that each phase of an epoch takes: data, forward, backward, step."""

from __future__ import annotations

import time
from typing import Literal

import torch

from designspace.records.training import TimeSplit

Phase = Literal["data", "forward", "backward", "step"]
PHASES: tuple[Phase, ...] = ("data", "forward", "backward", "step")


class Clock:
    """A stopwatch that adds up the seconds of each phase.

    On a GPU the laps are events in its stream, and nothing waits for them before `read`. The phase
    `data` is then the time for which the GPU idled before a batch arrived.

    Args:
        device: Device of the training.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._cuda = device.type == "cuda"
        self._spent = dict.fromkeys(PHASES, 0.0)
        self._events: list[tuple[Phase, torch.cuda.Event]] = []
        self._last = 0.0
        self.start()

    def start(self) -> None:
        """Begin the first phase now; the time since the last lap counts for no phase."""
        if self._cuda:
            self.read()
            self._events.clear()
            self._mark("data")
        self._last = time.perf_counter()

    def lap(self, phase: Phase) -> None:
        """End the current phase under this name and begin the next one."""
        if self._cuda:
            self._mark(phase)
            return
        now = time.perf_counter()
        self._spent[phase] += now - self._last
        self._last = now

    def _mark(self, phase: Phase) -> None:
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        self._events.append((phase, event))

    def read(self) -> None:
        """Turn the events of a GPU into seconds and forget them.

        This waits for the last event, unless the GPU has passed it already.
        """
        if not self._events:
            return
        last = self._events[-1][1]
        if not last.query():
            last.synchronize()
        for (_, before), (phase, after) in zip(self._events, self._events[1:], strict=False):
            self._spent[phase] += before.elapsed_time(after) / 1000
        self._events = self._events[-1:]

    def split(self, validation: float) -> TimeSplit:
        """Return the seconds of each phase so far, and those of the validation.

        Args:
            validation: Time of the validation, which is measured separately [s].
        """
        self.read()
        return TimeSplit(**self._spent, validation=validation)
