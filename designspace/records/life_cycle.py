"""The life of a training: one vocabulary for the trials of a study and for runs.

| status | meaning | what is on disk |
|---|---|---|
| waiting | chosen, and not started yet | nothing |
| running | a process trains it, or was killed while it did | checkpoint |
| paused | its scheduler may go on with it later | checkpoint |
| interrupted | a signal stopped its process; the same command goes on | checkpoint |
| complete | trained to its last epoch | weights |
| stopped | its scheduler ended it early, for good | neither |
| failed | an error ended it; it may be started again | checkpoint, traceback |
| diverged | its loss stopped being a number, which is a result | neither |
"""

from __future__ import annotations

from typing import Literal

FinalStatus = Literal["complete", "stopped", "failed", "diverged"]
Unfinished = Literal["waiting", "running", "paused", "interrupted"]
Status = FinalStatus | Unfinished

FINAL: tuple[FinalStatus, ...] = ("complete", "stopped", "failed", "diverged")
UNFINISHED: tuple[Unfinished, ...] = ("running", "waiting", "paused", "interrupted")
STATUSES: tuple[Status, ...] = (*FINAL, *UNFINISHED)
"""Every status in the order of tables: first how trainings ended, then those that go on."""
