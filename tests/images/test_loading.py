"""How many processes read images, and how much of the machine they may take."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designspace.images.files.store import FileStore
from designspace.images.loading import workers
from designspace.images.loading.stream import Stream
from designspace.images.loading.transforms import TestLook as Look
from designspace.images.loading.workers import BUDGET, loading
from designspace.images.split import EncodedSplit
from designspace.images.view import View
from designspace.spec.recipe.crops import TestView as EvalView

MB = 1 << 20


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    threads = torch.get_num_threads()
    monkeypatch.delenv("DESIGNSPACE_WORKERS", raising=False)
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    yield
    torch.set_num_threads(threads)


def test_a_trial_of_one_thread_has_one_worker() -> None:
    torch.set_num_threads(1)
    assert loading().workers == 1
    torch.set_num_threads(64)
    assert loading().workers == min(8, len(os.sched_getaffinity(0)))


def test_processes_of_torchrun_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """torchrun sets their threads to 1, which says nothing about the cores."""
    torch.set_num_threads(1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "1")
    assert loading().workers == min(8, len(os.sched_getaffinity(0)))


@given(count=st.integers(1, 8), size=st.integers(1, 2 << 30), free=st.integers(0, 64 << 30))
def test_what_waits_fits_into_the_budget_and_into_shared_memory(
    count: int, size: int, free: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESIGNSPACE_WORKERS", str(count))
        patch.setattr(workers, "_shared_bytes", lambda: free)
        found = loading(size)
    assert 0 <= found.workers <= count
    assert 1 <= found.prefetch <= 4
    waiting = found.workers * found.prefetch * size
    assert found.prefetch == 1 or waiting <= BUDGET
    assert found.workers == 0 or waiting + size <= free
    assert (found.note is not None) == (found.workers < count)


@pytest.mark.parametrize(
    ("free", "expected", "said"),
    [
        (1 << 40, (8, 3), None),
        (400 * MB, (8, 2), None),
        (64 * MB, (2, 1), "2 processes read images instead of 8: /dev/shm has 64 MB free and 190"),
        (40 * MB, (0, 1), "no process reads images ahead: /dev/shm has 40 MB free"),
    ],
)
def test_too_little_shared_memory_is_said(
    monkeypatch: pytest.MonkeyPatch, free: int, expected: tuple[int, int], said: str | None
) -> None:
    monkeypatch.setenv("DESIGNSPACE_WORKERS", "8")
    monkeypatch.setattr(workers, "_shared_bytes", lambda: free)
    found = loading(19 * MB)
    assert (found.workers, found.prefetch) == expected
    assert (found.note is None) == (said is None)
    if found.note and said:
        assert found.note.startswith(said)
        assert "--shm-size" in found.note


@pytest.mark.parametrize("device", ["cpu", "cuda:1"])
def test_memory_is_pinned_for_a_gpu_in_use_alone(
    monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    none = torch.zeros(0, dtype=torch.int64)
    split = EncodedSplit(FileStore(os.curdir, ()), none, none)  # pyright: ignore[reportArgumentType]
    look = Look(View(8, (0.5,), (0.5,), EvalView()))
    stream = Stream(split, look, whole=False, device=torch.device(device))
    assert stream._loader.pin_memory == (device != "cpu")
