"""Every family and every part of a recipe trains on the pretend GPU, within its budget.

A tensor on the wrong device raises there; a wait for the GPU inside a step, a pageable copy of more
than 1 MB or more launches than `pretend/budgets.yaml` allows is named with its line.
"""

from __future__ import annotations

import copy
import dataclasses
import gc
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._pytree import tree_leaves

import designspace
from designspace.benchmarking.run import bench
from designspace.benchmarking.settings import Settings
from designspace.errors import InputError
from designspace.images.loading import prefetch
from designspace.images.loading.batches import TrainBatches
from designspace.spec.network.load import load
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.divergence import CHECK_EVERY
from designspace.training.evaluate import evaluate_split, view_of
from designspace.training.run import Run
from designspace.training.state import checkpoint
from tests.pretend import pretend_gpu
from tests.pretend.budgets import PAGEABLE, faults, recorded
from tests.pretend.cases import cases
from tests.pretend.log import Copy, Counts
from tests.pretend.training import Trace, noise, phases, run_of, total, traced, train

# Worker processes are forked from a process that has threads; torch itself does so.
pytestmark = pytest.mark.filterwarnings(
    "ignore:This process .* is multi-threaded:DeprecationWarning"
)
NETWORK = load("convnext_proxy", {"depths": [1, 1], "widths": [8, 16]})
FULL = load_recipe("convnext_1k", {"batch_size": 8})


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DESIGNSPACE_WORKERS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def recipe(**changes: Any) -> Any:
    return load_recipe(
        "demo", {"batch_size": 8, "epochs": 2, "schedule.warmup_epochs": 0, **changes}
    )


@cache
def traced_case(name: str) -> Trace:
    """A case, trained once for all tests of its steps."""
    with tempfile.TemporaryDirectory() as folder:
        return cases()[name].trace(Path(folder))


@pytest.mark.parametrize("name", cases())
def test_a_training_step_keeps_to_its_budget(name: str) -> None:
    assert faults(traced_case(name), recorded()[name]) == []


def test_every_budget_belongs_to_a_case() -> None:
    assert recorded().keys() == cases().keys()


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """An epoch of a training, nothing wrong with it."""
    folder = tmp_path_factory.mktemp("run")
    return train(lambda: run_of(NETWORK, recipe(), noise(32, 64, 4), folder))


def planted(trace: Trace, happened: Counts) -> list[str]:
    """What is found where something more happened in the second step."""
    first, second, *others = trace.steps
    steps = [first, {**second, "planted": happened}, *others]
    return faults(dataclasses.replace(trace, steps=steps), trace.worst)


def test_each_planted_fault_is_found(trace: Trace) -> None:
    assert planted(trace, Counts()) == []
    (found,) = planted(trace, Counts(launches=Counter({("add", "a.py:1 f"): 1})))
    assert found.startswith(f"{trace.worst + 1} launches in a step, of a budget of {trace.worst}")
    (found,) = planted(trace, Counts(syncs=Counter({("item", "a.py:1 f"): 1})))
    assert found == "step 2: item at a.py:1 f waits for the GPU"
    copies = [
        Copy("to the GPU", size, pinned, non_blocking=True, site="a.py:1 f")
        for size, pinned in ((PAGEABLE, False), (PAGEABLE + 1, True), (PAGEABLE + 1, False))
    ]
    (found,) = planted(trace, Counts(copies=copies))
    assert found == "step 2: a pageable copy of 1,000,001 bytes to the GPU at a.py:1 f"


def test_faults_planted_in_the_loop_are_found(tmp_path: Path) -> None:
    """The same in a real step: the model itself does what it should not."""

    class Faulty(torch.nn.Module):
        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.inner(x)
            torch.zeros(300_000).to(x.device, non_blocking=True)
            return x + float(x.sum() > 1e30)

    with pretend_gpu() as gpu:
        run = run_of(NETWORK, recipe(), noise(32, 64, 4), tmp_path)
        trainer: Any = run._trainer
        run._trainer = dataclasses.replace(trainer, forward=Faulty(trainer.forward))
        found = faults(traced(gpu, run), 10_000)
    assert any("pageable copy of 1,200,000 bytes" in each for each in found)
    assert any("_local_scalar_dense" in each and "waits" in each for each in found)


def test_training_takes_the_same_numbers_as_on_a_cpu(trace: Trace, tmp_path: Path) -> None:
    run = run_of(NETWORK, recipe(), noise(32, 64, 4), tmp_path, device="cpu")
    run.train_epoch()
    (ours,), (theirs,) = trace.run.history, run.history
    assert ours.train_loss == pytest.approx(theirs.train_loss, rel=1e-5)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-5)
    assert ours.top1 == theirs.top1


def weights(run: Run) -> dict[str, torch.Tensor]:
    state: Any = {**run.model.state_dict(), **{f"ema.{k}": v for k, v in
             run.trained.state_dict().items()}}  # fmt: skip
    return {name: value.cpu() for name, value in state.items()}


@pytest.mark.parametrize("full", [False, True], ids=["demo", "convnext_1k"])
def test_a_run_stopped_inside_an_epoch_resumes_to_the_bit(full: bool, tmp_path: Path) -> None:
    how = FULL if full else recipe()
    how = how.model_copy(update={"accumulation": 2})
    data = noise(32, 80, 4)

    def new(name: str) -> Run:
        return run_of(NETWORK, how, data, tmp_path / name)

    with pretend_gpu():
        prefetch._side.cache_clear()
        whole, stopped = new("whole"), new("stopped")
        for _ in range(2):
            whole.train_epoch()
        stopped.train_epoch()
        stopped.save_every = 0  # a checkpoint after each step

        def stop(done: int, _: int) -> None:
            if done == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            stopped.train_epoch(stop)
        del stopped
        resumed = new("stopped")
        assert resumed.resume() == 1
        resumed.train_epoch()
        assert all(value.is_cuda for value in resumed.model.state_dict().values())
        ours, theirs = weights(resumed), weights(whole)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
        assert resumed.history[1].loss == whole.history[1].loss
        assert resumed.test() == whole.test()


def test_a_checkpoint_of_a_gpu_goes_on_with_a_cpu_and_back(tmp_path: Path) -> None:
    data = noise(32, 64, 4)
    with pretend_gpu():
        run_of(NETWORK, recipe(), data, tmp_path).train_epoch()
    run = run_of(NETWORK, recipe(), data, tmp_path, device="cpu")
    assert run.resume() == 1
    run.train_epoch()
    with pretend_gpu():
        back = run_of(NETWORK, recipe(), data, tmp_path)
        assert back.resume() == 2
        assert back.test().n == 16


def test_a_checkpoint_copies_each_tensor_once_and_waits_once(tmp_path: Path) -> None:
    with pretend_gpu() as gpu:
        run = run_of(NETWORK, recipe(), noise(32, 64, 4), tmp_path)
        found = traced(gpu, run).other["checkpoint"]
        trainer = run._trainer
        states = run.model.state_dict(), trainer.optimizer.state_dict()["state"]
        tensors = [each for each in tree_leaves(states) if isinstance(each, torch.Tensor)]
        assert trainer.ema is not None
        tensors += trainer.ema.module.state_dict().values()
        sizes = Counter(each.nbytes for each in tensors if each.is_cuda)
    assert Counter(copy.size for copy in found.copies) == sizes
    assert not found.pageable()
    assert found.syncs.total() == 1


def test_a_checkpoint_of_a_gpu_is_that_of_a_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values, types, strides, shared memory and a state dict's metadata; beyond the bound too."""
    model = designspace.build(NETWORK).to(memory_format=torch.channels_last)  # pyright: ignore
    shared = torch.arange(4.0)
    plain = {"model": model.state_dict(), "losses": [1.5], "betas": (0.9, shared), "tied": shared}
    checkpoint.save(tmp_path, {"seed": 0}, plain)
    expected = (tmp_path / checkpoint.CURRENT).read_bytes()
    assert checkpoint.on_host(plain) is plain
    for bound in (checkpoint.PINNED, 1000):
        monkeypatch.setattr(checkpoint, "PINNED", bound)
        with pretend_gpu():
            there = shared.to("cuda")
            moved = {**plain, "betas": (0.9, there), "tied": there}
            moved["model"] = copy.deepcopy(model).to("cuda").state_dict()
            checkpoint.save(tmp_path, {"seed": 0}, moved)
        assert (tmp_path / checkpoint.CURRENT).read_bytes() == expected


def test_a_long_epoch_waits_only_to_check_its_losses(tmp_path: Path) -> None:
    data = noise(32, 2 * 33 * 16 // 9 + 4, 4)
    found = train(lambda: run_of(NETWORK, recipe(batch_size=2), data, tmp_path), saves=False)
    assert len(found.steps) >= 33
    waits = [total(step).syncs.total() for step in found.steps[1:]]
    assert sum(waits) <= len(found.steps) // CHECK_EVERY
    assert max(waits) <= 1


def test_a_validation_waits_as_often_for_few_batches_as_for_many(trace: Trace) -> None:
    with pretend_gpu() as gpu:
        model = designspace.build(NETWORK, num_classes=4, input_size=32)
        found: list[int] = []
        for batch_size in (16, 16, 2):  # the first moves the model
            data = noise(32, 64, 4)
            gpu.log.mark("before")
            score = evaluate_split(
                model, data.test, trace.run.view, batch_size=batch_size, device="cuda"
            )
            assert score.n == 16
            pixels = [copy for copy in gpu.log.now.copies if copy.size >= 2 * 3 * 32 * 32]
            found.append(gpu.log.now.syncs.total())
            assert pixels
    assert found[2] <= found[1]


def test_augmenting_large_images_copies_little_from_pageable_memory() -> None:
    data, how = noise(224, 48, 4), FULL.model_copy(update={"batch_size": 24})
    with pretend_gpu() as gpu:
        prefetch._side.cache_clear()
        device = torch.device("cuda")
        train_split: Any = data.train
        batches = TrainBatches(
            train_split.to(device), how, view_of(data, 224, how.test), device, seed=0
        )
        gpu.log.mark("setup")
        (images, _), *_ = batches.epoch(1)
        assert images.is_cuda
        assert gpu.log.now.pageable(beyond=PAGEABLE) == []


def test_the_parameters_of_the_augmentation_go_in_few_pinned_copies() -> None:
    found = traced_case("convnext_1k")
    for step in found.steps[1:]:
        assert total(step).pageable() == []
        assert len(total(step).copies) <= 4


def test_the_average_copies_no_counter_on_its_own() -> None:
    step = traced_case("resnet with average").steady["step"]
    assert sum(n for (kernel, _), n in step.launches.items() if kernel == "copy_") <= 1


def test_the_mask_of_shifted_windows_is_made_once() -> None:
    step = traced_case("swin, shifted windows").steady["forward"]
    assert not any("_regions" in site or "_mask" in site for _, site in step.launches)


@pytest.mark.parametrize("mode", ["infer", "train"])
def test_bench_times_a_network_on_the_gpu(mode: Any) -> None:
    with pretend_gpu() as gpu:
        how = Settings(
            modes=(mode,), batch_sizes=(2,), device="cuda", rounds=1, seconds=0.0, input_size=32
        )
        record = bench(NETWORK, how)
        causes = {cause for cause, _ in gpu.log.total.syncs}
    (row,) = record.rows
    assert row.speed is not None
    assert row.speed.memory_bytes
    assert causes <= {"torch.cuda.synchronize", "blocking copy to the GPU"}


def test_two_runs_one_after_the_other_leave_nothing_behind(tmp_path: Path) -> None:
    with pretend_gpu():
        held: list[int] = []
        for number in range(3):
            run = run_of(NETWORK, recipe(), noise(32, 64, 4), tmp_path / str(number))
            run.train_epoch()
            del run
            gc.collect()
            held.append(torch.cuda.memory_allocated())
    assert held[1] == held[2]
    assert held[2] < 1000


def test_a_gpu_that_is_not_there_is_named() -> None:
    with pretend_gpu(), pytest.raises(InputError, match="no CUDA device 1 here"):
        run_of(NETWORK, recipe(), noise(32, 64, 4), Path(), device="cuda:1")


def test_the_second_gpu_is_used_where_it_is_asked_for(tmp_path: Path) -> None:
    with pretend_gpu(2) as gpu, phases(gpu.log):
        run = run_of(NETWORK, FULL, noise(32, 64, 4), tmp_path, device="cuda:1")
        run.train_epoch()
        places = {str(value.device) for value in run.model.state_dict().values()}
        assert places == {"cuda:1"}
        assert torch.cuda.memory_allocated(0) == 0
