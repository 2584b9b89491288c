"""The processes that train one network together, as torchrun starts them."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed

from designspace.compiler.device import device_of
from designspace.errors import InputError

T = TypeVar("T")


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
    if cuda:
        torch.cuda.set_device(device_of(own))
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Group(distributed.get_rank(), distributed.get_world_size()), own
    finally:
        distributed.destroy_process_group()
