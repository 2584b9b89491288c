"""The processes that train one network together, as torchrun starts them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, NoReturn, TypeVar

import torch
from torch import Tensor, distributed

from designspace.compiler.device import device_of, in_use
from designspace.errors import DesignspaceError, InputError

T = TypeVar("T")
TIMEOUT = timedelta(minutes=10)
"""How long a process waits for the others: more than a compilation or a checkpoint takes."""
GRACE = 5.0
"""Seconds after a signal in which a process writes down where it stands."""
_FIRST = "designspace/failed"
_LOST = ("Connection closed by peer", "Connection reset by peer", "Timed out waiting")


@dataclass(frozen=True)
class Group:
    """The place of this process among those that train together.

    Attributes:
        rank: its number, from 0.
        world: how many there are.
    """

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    def gathered(self, value: T) -> list[T]:
        """The values of all processes, plain data, on each of them."""
        found = [value] * self.world
        if self.world > 1:
            distributed.all_gather_object(found, value)
        return found

    def agrees(self, value: object) -> bool:
        """Whether all processes have the same value."""
        return all(each == value for each in self.gathered(value))

    def summed(self, values: Tensor) -> Tensor:
        """The sum over all processes, on each of them; `values` become it."""
        if self.world > 1:
            distributed.all_reduce(values)
        return values

    def means(self, values: Sequence[Tensor]) -> list[Tensor]:
        """The mean of each over all processes, on each of them, in one message.

        Args:
            values: Scalars of one device and dtype, equally many in each process.
        """
        if self.world == 1 or not values:
            return list(values)
        return list((self.summed(torch.stack(list(values))) / self.world).unbind())


ALONE = Group()


def wanted() -> bool:
    """Whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ or int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined(device: str) -> Generator[tuple[Group, str]]:
    """This process in its group, and the device that is its own; alone without torchrun.

    Args:
        device: "cpu" or "cuda"; of several GPUs each process takes one.

    Raises:
        InputError: There is no GPU for this process, or something else than torchrun started it.
        DesignspaceError: Another process ended without a word.
        SystemExit: Another process failed before, and has said why.
    """
    if not wanted():
        yield ALONE, device
        return
    if "LOCAL_RANK" not in os.environ:
        raise InputError(
            "WORLD_SIZE is set without LOCAL_RANK", hint="start several processes with torchrun"
        )
    cuda = device_of(device).type == "cuda"
    own = f"cuda:{os.environ['LOCAL_RANK']}" if cuda else device
    place = in_use(own)
    with _ended_in_time():
        distributed.init_process_group(
            "nccl" if cuda else "gloo", timeout=TIMEOUT, device_id=place if cuda else None
        )
        group = Group(distributed.get_rank(), distributed.get_world_size())
        try:
            yield group, own
        except Exception as error:
            _end_with_others(group, error)
    # Not after an error: this waits for the other processes, which may wait for this one.
    distributed.destroy_process_group()


def cause(group: Group, error: Exception) -> str:
    """Why the processes of a group end, in one line: the failure of the one that failed first.

    The others only lose their connection to it.
    """
    rank, said = _first_failure(group, error)
    return said if rank == group.rank else f"process {rank} failed: {said}"


def _first_failure(group: Group, error: Exception) -> tuple[int, str]:
    """The process that failed first, and why; whoever asks first is the first."""
    said = (str(error) or type(error).__name__).splitlines()[0]
    if group.world == 1:
        return group.rank, said
    if _is_lost(error):
        said = f"another process ended, and this one lost its connection to it ({said[:200]})"
    try:
        first = _store().compare_set(_FIRST, "", f"{group.rank} {said}").decode()
    except RuntimeError:  # whoever holds the store has ended
        return group.rank, said
    rank, _, said = first.partition(" ")
    return int(rank), said


def _end_with_others(group: Group, error: Exception) -> NoReturn:
    """Raise the error of the process that failed first; in the others, end without a word."""
    rank, said = _first_failure(group, error)
    if rank != group.rank:
        raise SystemExit(getattr(error, "exit_code", 1)) from None
    if group.world > 1 and _is_lost(error):
        raise DesignspaceError(f"{said}; the same command goes on from the last checkpoint")
    raise error


def _is_lost(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, is that of a process whose peer ended."""
    kinds = (distributed.DistBackendError, distributed.DistNetworkError)
    while error is not None:
        if isinstance(error, kinds):
            return True
        if isinstance(error, RuntimeError) and any(words in str(error) for words in _LOST):
            return True
        error = error.__cause__
    return False


def _store() -> Any:
    """The key-value store of the processes, which torchrun itself holds."""
    return import_module("torch.distributed.distributed_c10d")._get_default_store()


@contextmanager
def _ended_in_time() -> Generator[None]:
    """End this process soon after a signal, also while it waits for another one in native code.

    torchrun sends SIGTERM to the processes that are left when one has failed. Python handles a
    signal only between two instructions, which a process that waits in a collective, or for the
    others to join, never reaches: torchrun would kill it after 30 s. The byte that Python writes
    when the signal comes is read by a thread, which ends the process unless the main thread has
    left the context by then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    left = threading.Event()

    def watch() -> None:
        number = os.read(reader, 1)
        if number and not left.wait(GRACE):
            os._exit(128 + number[0])

    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        left.set()
        signal.set_wakeup_fd(before)
        os.write(writer, b"\0")  # a forked worker may hold the pipe open
        thread.join()
        os.close(writer)
        os.close(reader)
