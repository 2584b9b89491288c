"""Where a training went wrong, and what the losses before say of it."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designspace.errors import DivergedError
from designspace.training.divergence import CHECK_EVERY, cause, check
from tests.helpers.trainings import BREAKS, tiny_data, tiny_run


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ([], "already in the first loss of the epoch"),
        ([math.inf], "already in the first loss of the epoch"),
        ([2.0, 1.5, 9.0], "the loss had risen from 1.5 to 9"),
        ([2.0, 1.5, 1.4], "the loss was 1.4 just before: a single step overflowed"),
    ],
)
def test_the_likely_cause_follows_from_the_losses(before: list[float], said: str) -> None:
    assert said in cause(before)


@given(st.integers(1, CHECK_EVERY), st.integers(0, 40))
def test_the_first_step_that_is_not_finite_is_named(broken: int, before: int) -> None:
    steps = before + CHECK_EVERY
    losses = [torch.tensor(1.0)] * steps
    first = steps - broken
    losses[first] = torch.tensor(math.nan)
    with pytest.raises(DivergedError) as caught:
        check(losses, 3, 0.1)
    assert (caught.value.epoch, caught.value.step, caught.value.lr) == (3, first + 1, 0.1)


def test_it_crosses_processes_whole(tmp_path: Path) -> None:
    run = tiny_run(tiny_data(tmp_path), tmp_path / "run", BREAKS)
    with pytest.raises(DivergedError) as caught:
        run.train_epoch()
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert (again.epoch, again.step, again.lr, again.cause) == (
        caught.value.epoch, caught.value.step, caught.value.lr, caught.value.cause,
    )  # fmt: skip
    assert "try" in again.cause
