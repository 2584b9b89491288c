"""The global random streams of a training step: the documented numbers, at little cost."""

import random
import sys
from types import FrameType
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from designspace.images.randomness import derive, seed_step

small = st.integers(0, 1000)


@given(seed=st.integers(0, 2**40), epoch=small, step=small, rank=st.integers(0, 9))
def test_a_step_draws_what_torch_s_own_seeding_would_give(
    seed: int, epoch: int, step: int, rank: int
) -> None:
    """Each process has torch numbers of its own, and NumPy's and Python's are shared."""
    own = (rank,) if rank else ()
    seed_step(seed, epoch, step, rank=rank)
    drawn = torch.rand(4), np.random.rand(), random.random()
    torch.manual_seed(derive("torch", "step", seed, epoch, step, *own))
    np.random.seed(derive("numpy", "step", seed, epoch, step) % 2**32)
    random.seed(derive("python", "step", seed, epoch, step))
    assert torch.equal(drawn[0], torch.rand(4))
    assert drawn[1:] == (np.random.rand(), random.random())


def test_seeding_a_step_formats_no_traceback() -> None:
    """`torch.manual_seed` runs some hundred Python functions for devices that are not there."""
    calls = list[str]()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        seed_step(0, 1, 1, rank=0)
    finally:
        sys.setprofile(before)
    assert len(calls) < 20, calls
