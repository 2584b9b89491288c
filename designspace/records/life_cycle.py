"""The life of a training: one vocabulary for the trials of a study and for runs.

| status | meaning | what is on disk |
|---|---|---|
| waiting | proposed, but not started yet | nothing |
| running | a process trains it, or was killed while training it | checkpoint |
| paused | its scheduler may resume it later | checkpoint |
| interrupted | a signal stopped its process; the same command resumes it | checkpoint |
| complete | trained to its last epoch | weights |
| stopped | its scheduler ended it early, for good | neither |
| failed | an error ended it; it may be started again | checkpoint, traceback |
| diverged | its loss is no longer finite, which is a result | neither |
"""

from __future__ import annotations

from typing import Literal

FinalStatus = Literal["complete", "stopped", "failed", "diverged"]
Unfinished = Literal["waiting", "running", "paused", "interrupted"]
Status = FinalStatus | Unfinished

FINAL: tuple[FinalStatus, ...] = ("complete", "stopped", "failed", "diverged")
UNFINISHED: tuple[Unfinished, ...] = ("running", "waiting", "paused", "interrupted")
STATUSES: tuple[Status, ...] = (*FINAL, *UNFINISHED)
"""All statuses in the order of tables: first the final ones, then the unfinished ones."""
