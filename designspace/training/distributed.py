"""The processes that train one network together, as torchrun starts them.

If one process fails, the others only lose their connection to it. So that the user reads the cause
and not its echoes, the first process that fails writes its rank and error to the key-value store
that torchrun holds. For example, if process 2 of 4 runs out of memory, it writes "2 out of memory"
under one key. The others then find that the key is taken and end silently.
"""

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
"""Time that a process waits for the others: longer than a compilation or a checkpoint takes."""
GRACE = 5.0
"""Time after a signal in which a process can record its state [s]."""
_FIRST = "designspace/failed"
_LOST = ("Connection closed by peer", "Connection reset by peer", "Timed out waiting")


@dataclass(frozen=True)
class Group:
    """The place of this process among those that train together.

    Attributes:
        rank: Number of this process, from 0.
        world: Number of processes.
    """

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes files and messages."""
        return self.rank == 0

    def gathered(self, value: T) -> list[T]:
        """Return the values of all processes, in each of them.

        Args:
            value: Plain data of this process.
        """
        found = [value] * self.world
        if self.world > 1:
            distributed.all_gather_object(found, value)
        return found

    def agrees(self, value: object) -> bool:
        """Return whether all processes have the same value."""
        return all(each == value for each in self.gathered(value))

    def summed(self, values: Tensor) -> Tensor:
        """Sum values over all processes, in place, and return the sum in each process."""
        if self.world > 1:
            distributed.all_reduce(values)
        return values

    def means(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Return the mean of each value over all processes, in each of them, with one message.

        Args:
            values: Scalars of one device and dtype; every process has the same number of them.
        """
        if self.world == 1 or not values:
            return list(values)
        return list((self.summed(torch.stack(list(values))) / self.world).unbind())


ALONE = Group()


def wanted() -> bool:
    """Return whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ or int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined(device: str) -> Generator[tuple[Group, str]]:
    """Join the group of processes and yield it with this process's device.

    Without torchrun, the process is alone in its group.

    Args:
        device: "cpu" or "cuda"; with several GPUs, each process takes one.

    Raises:
        InputError: There is no GPU for this process, or torchrun did not start it.
        DesignspaceError: Another process ended without an error message.
        SystemExit: Another process failed first and has reported its error.
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
    """Return in one line why the processes of a group end: the error of the first that failed.

    The others only lose their connection to it.
    """
    rank, said = _first_failure(group, error)
    return said if rank == group.rank else f"process {rank} failed: {said}"


def _first_failure(group: Group, error: Exception) -> tuple[int, str]:
    """Return the rank of the process that failed first, and its error.

    The first process that calls this counts as the first that failed.
    """
    said = (str(error) or type(error).__name__).splitlines()[0]
    if group.world == 1:
        return group.rank, said
    if _is_lost(error):
        said = f"another process ended, and this one lost its connection to it ({said[:200]})"
    try:
        first = _store().compare_set(_FIRST, "", f"{group.rank} {said}").decode()
    except RuntimeError:  # the process that holds the store has ended
        return group.rank, said
    rank, _, said = first.partition(" ")
    return int(rank), said


def _end_with_others(group: Group, error: Exception) -> NoReturn:
    """Raise the error in the process that failed first; end the others silently."""
    rank, said = _first_failure(group, error)
    if rank != group.rank:
        raise SystemExit(getattr(error, "exit_code", 1)) from None
    if group.world > 1 and _is_lost(error):
        raise DesignspaceError(f"{said}; the same command continues from the last checkpoint")
    raise error


def _is_lost(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, says that another process has ended."""
    kinds = (distributed.DistBackendError, distributed.DistNetworkError)
    while error is not None:
        if isinstance(error, kinds):
            return True
        if isinstance(error, RuntimeError) and any(words in str(error) for words in _LOST):
            return True
        error = error.__cause__
    return False


def _store() -> Any:
    """Return the key-value store of the processes, which torchrun itself holds."""
    return import_module("torch.distributed.distributed_c10d")._get_default_store()


@contextmanager
def _ended_in_time() -> Generator[None]:
    """End this process soon after a signal, even while it waits for another one in native code.

    When one process has failed, torchrun sends SIGTERM to the others. Python handles a signal only
    between two instructions. A process that waits in a collective operation, or for the others to
    join, does not reach the next instruction, and torchrun would kill it after 30 s. But Python
    writes a byte to a pipe as soon as the signal arrives. A thread reads this byte and ends the
    process after `GRACE` seconds, unless the main thread has left the context by then.
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
