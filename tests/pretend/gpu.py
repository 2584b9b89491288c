"""A pretend GPU: programs for CUDA run on it, and what they would cost a real one is counted.

Every tensor is a real CPU tensor, so that training really computes; a mark on its memory says where
it pretends to lie (`places`). Three layers keep up the pretence and take notes:

- `library` and `methods` replace the functions of `torch.cuda` and the methods of tensors that tell
  or change the device;
- `calls`, a function mode, knows on which device a call of torch works;
- `kernels`, a dispatch mode below autograd, sees every operator of the forward pass, the backward
  pass and the optimizer, refuses mixed devices, and writes launches, host syncs and copies to the
  `log`.

A real GPU's time, numerics, memory fragmentation and compiler are out of reach.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.pretend.calls import Calls
from tests.pretend.kernels import Kernels
from tests.pretend.library import replaced
from tests.pretend.log import Log
from tests.pretend.state import State
from tests.pretend.streams import Streams


@dataclass(frozen=True)
class PretendGpu:
    """What is known of the pretended GPUs.

    Attributes:
        log: What they were asked to do.
        state: Of the pretence.
    """

    log: Log
    state: State


@contextmanager
def pretend_gpu(count: int = 1) -> Generator[PretendGpu]:
    """Pretend that there are GPUs, in this process and in the calling thread.

    Args:
        count: How many.
    """
    state = State(count)
    streams = Streams(state)
    with replaced(state, streams), Kernels(state, streams), Calls(state):
        yield PretendGpu(state.log, state)
