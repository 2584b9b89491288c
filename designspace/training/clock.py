"""Where the time of an epoch goes: data, forward, backward, step."""

from __future__ import annotations

import time
from typing import Literal

import torch

from designspace.records.training import TimeSplit

Phase = Literal["data", "forward", "backward", "step"]
PHASES: tuple[Phase, ...] = ("data", "forward", "backward", "step")


class Clock:
    """Adds up the time between laps.

    On a GPU the laps are events in its stream, and nothing waits for them before `read`; `data` is
    then what the GPU idled before a batch came.

    Args:
        device: Where the training runs.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._cuda = device.type == "cuda"
        self._spent = dict.fromkeys(PHASES, 0.0)
        self._events: list[tuple[Phase, torch.cuda.Event]] = []
        self._last = 0.0
        self.start()

    def start(self) -> None:
        """Begin the first phase now; what passed since the last lap belongs to none."""
        if self._cuda:
            self.read()
            self._events.clear()
            self._mark("data")
        self._last = time.perf_counter()

    def lap(self, phase: Phase) -> None:
        """A phase ends, and the next begins."""
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

        Waits for the last one, unless something else has waited for the GPU since.
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
        """Seconds of each phase so far, and of the validation, which was timed apart."""
        self.read()
        return TimeSplit(**self._spent, validation=validation)
