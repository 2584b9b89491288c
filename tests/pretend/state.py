"""What the parts of a pretend GPU share: its memory, its log, and what is being called."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from tests.pretend.log import Copy as LoggedCopy
from tests.pretend.log import Direction, Log, site
from tests.pretend.places import CPU, Memory


@dataclass(frozen=True)
class Transfer:
    """A copy that was asked for and is about to happen."""

    target: torch.device
    non_blocking: bool


@dataclass
class State:
    """The state of the pretended GPUs.

    Attributes:
        count: How many GPUs there are.
        current: The index of the one in use.
        surroundings: Where tensors are made that a function makes on its own, innermost last, and
            whether the caller named that device.
        transfer: The copy that the next `_to_copy` carries out.
        folded: How deep we are in something that is one kernel on a GPU.
        on_sync: Called when the host waits for the stream in use.
    """

    count: int = 1
    current: int = 0
    log: Log = field(default_factory=Log)
    memory: Memory = field(default_factory=Memory)
    surroundings: list[tuple[torch.device, bool]] = field(
        default_factory=list[tuple[torch.device, bool]]
    )
    transfer: Transfer | None = None
    folded: int = 0
    on_sync: Callable[[], None] = lambda: None

    def device(self, named: Any) -> torch.device:
        """A device as torch resolves it: "cuda" is the current one."""
        device = torch.device("cuda", named) if isinstance(named, int) else torch.device(named)
        if device.type != "cuda":
            return device
        index: Any = device.index
        index = self.current if index is None else index
        if index >= self.count:
            raise RuntimeError("CUDA error: invalid device ordinal")
        return torch.device("cuda", index)

    @contextmanager
    def within(self, place: torch.device, *, named: bool = False) -> Generator[None]:
        """Make tensors on `place` where nothing else says where."""
        self.surroundings.append((place, named))
        try:
            yield
        finally:
            self.surroundings.pop()

    @contextmanager
    def folding(self, *kernels: str) -> Generator[None]:
        """Count everything inside as these kernels."""
        self.launched(*kernels)
        self.folded += 1
        try:
            yield
        finally:
            self.folded -= 1

    def launched(self, *kernels: str) -> None:
        """Note kernels."""
        if not self.folded:
            where = site()
            self.log.now.launches.update((kernel, where) for kernel in kernels)

    def synced(self, cause: str) -> None:
        """Note that the host waits for the GPU."""
        if not self.folded:
            self.log.now.syncs[cause, site()] += 1
            self.on_sync()

    def copied(
        self, source: torch.device, target: torch.device, size: int, *, pinned: bool, free: bool
    ) -> None:
        """Note a copy between devices, and the wait that a blocking one is.

        Args:
            source: From where.
            target: To where.
            size: Bytes.
            pinned: Whether the host's side is pinned.
            free: Whether `non_blocking` was asked for.
        """
        if size == 0:
            return
        direction: Direction = "between GPUs"
        if CPU in (source, target):
            direction = "to the GPU" if source == CPU else "to the host"
        self.log.now.copies.append(LoggedCopy(direction, size, pinned, free, site()))
        # The driver cannot leave behind a copy to pageable memory.
        if direction != "between GPUs" and (not free or (target == CPU and not pinned)):
            self.synced(f"blocking copy {direction}")
