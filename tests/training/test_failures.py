"""Failures of the machine: a GPU that is lost to its process, and memory that ends."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designspace.errors import InputError, MachineError
from designspace.failures import memory
from designspace.failures.gpu import UNUSABLE, lost_gpu
from designspace.failures.memory import memory_advice, memory_words, out_of_memory, release
from designspace.failures.words import in_one_line
from designspace.records.run import read_record
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.loop import Trainer
from designspace.training.run import Run
from designspace.training.train import train
from tests.helpers.command import run
from tests.helpers.trainings import npz, tiny_data, tiny_run, words

OUT = torch.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 79.11 GiB of "
    "which 1.12 GiB is free. Process 1 has 77.98 GiB memory in use."
)
HINT = "\nCUDA kernel errors might be asynchronously reported at some other API call"


def lost() -> RuntimeError:
    return torch.AcceleratorError("CUDA error: an illegal memory access was encountered" + HINT)


@pytest.mark.parametrize("text", UNUSABLE.values())
def test_an_error_after_which_the_gpu_is_lost_is_known_by_its_text(text: str) -> None:
    for form in (f"CUDA error: {text}{HINT}", f"Triton Error [CUDA]: {text}", f"HIP error: {text}"):
        assert lost_gpu(RuntimeError(form)) == text
    assert lost_gpu(torch.AcceleratorError(f"CUDA error: {text}{HINT}")) == text


def test_the_code_decides_where_there_is_one() -> None:
    error: Any = torch.AcceleratorError("CUDA error: words of another version")
    error.error_code = 719
    assert lost_gpu(error) == "unspecified launch failure"
    error.error_code = 9
    assert lost_gpu(error) is None


def test_it_is_found_where_other_errors_stand_around_it() -> None:
    outer = KeyError("a loader broke")
    outer.__context__ = lost()
    assert lost_gpu(outer) == "an illegal memory access was encountered"
    outer.__suppress_context__ = True
    assert lost_gpu(outer) is None
    passed_on = RuntimeError(
        "Caught AcceleratorError in pin memory thread for device 0.\nOriginal Traceback (most "
        "recent call last):\ntorch.AcceleratorError: CUDA error: unspecified launch failure"
    )
    assert lost_gpu(passed_on) == "unspecified launch failure"
    nccl = RuntimeError("NCCL error: Last error:\nCuda failure 710 'device-side assert triggered'")
    assert lost_gpu(nccl) == "device-side assert triggered"


@pytest.mark.parametrize(
    "error",
    [
        OUT,
        torch.AcceleratorError("CUDA error: out of memory" + HINT),
        torch.AcceleratorError("CUDA error: invalid argument" + HINT),
        torch.AcceleratorError("CUDA error: no kernel image is available for execution on the dev"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (1x2 and 3x4)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling `cublasGemmEx`"),
        ValueError("misaligned address of the CUDA shop"),
        InputError("no CUDA device here"),
    ],
)
def test_other_errors_leave_the_gpu(error: Exception) -> None:
    assert lost_gpu(error) is None


def test_the_gpu_itself_is_asked_where_the_error_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dead() -> None:
        raise lost()

    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    error = RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")
    assert lost_gpu(error) is None
    monkeypatch.setattr(torch.cuda, "synchronize", dead)
    assert lost_gpu(error) == "an illegal memory access was encountered"
    assert lost_gpu(KeyError("x")) == "an illegal memory access was encountered"


def test_out_of_memory_is_known_for_real() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15, dtype=torch.uint8)
    assert out_of_memory(caught.value)
    assert memory_words(caught.value) == "out of memory (tried to allocate 931322.57 GiB)"
    wanted = "out of memory (tried to allocate 2.50 GiB; GPU 0 has 79.11 GiB)"
    assert memory_words(OUT) == wanted
    known = (MemoryError(), OSError(12, "Cannot allocate memory"))
    assert all(out_of_memory(error) for error in known)
    other = (OSError(28, "No space left on device"), ValueError("out of memory"), KeyError("x"))
    assert not any(out_of_memory(error) for error in other)


@given(st.integers(1, 512), st.integers(1, 4), st.sampled_from([0.0, 0.8]))
def test_what_is_advised_is_a_recipe(batch: int, processes: int, mixup: float) -> None:
    unit = processes * (2 if mixup else 1)
    changes: dict[str, Any] = {"batch_size": batch * unit, "mixup": mixup}
    recipe = load_recipe("demo", changes)
    said = memory_advice(recipe.plain(), processes=processes)
    assert "precision=bfloat16" in said
    if "accumulation=" in said:
        parts = int(said.partition("accumulation=")[2].partition(" ")[0])
        better = load_recipe("demo", {**changes, "accumulation": parts})
        assert better.part_size % unit == 0
        assert f"({better.part_size} images at once instead of {batch * unit})" in said
    else:
        assert batch == 1
    assert "bfloat16" not in memory_advice(recipe.plain() | {"precision": "bfloat16"})


def test_a_failure_of_the_machine_is_one_line() -> None:
    with pytest.raises(MachineError, match=r"memory .*; buy more$"), in_one_line("buy more"):
        raise OUT
    with pytest.raises(MachineError, match="the GPU failed: an illegal"), in_one_line():
        raise lost()
    with pytest.raises(RuntimeError, match="shapes"), in_one_line():
        raise RuntimeError("shapes")


def breaking(monkeypatch: pytest.MonkeyPatch, error: Exception, at: int = 2) -> None:
    """Have the training's epoch `at` raise an error, once."""
    epoch, left = Trainer.epoch, [error]

    def broken(self: Trainer, number: int, *rest: Any) -> float:
        if number == at and left:
            raise left.pop()
        return epoch(self, number, *rest)

    monkeypatch.setattr(Trainer, "epoch", broken)


@pytest.mark.parametrize(
    ("error", "recorded", "told"),
    [
        (OUT, "out of memory (tried to allocate 2.50 GiB", "accumulation=2 (8 images at once"),
        (lost(), "the GPU failed: an illegal memory", "this process cannot use it any more"),
        (KeyError("spam"), "KeyError: 'spam'", "stderr.txt"),
        (InputError("a broken image"), "a broken image", "a broken image"),
    ],
)
def test_a_failed_training_is_recorded_and_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    recorded: str,
    told: str,
) -> None:
    line = [*words(npz(tmp_path)), f"--out={tmp_path / 'run'}"]
    breaking(monkeypatch, error)
    ran = run(*line)
    assert ran.code == (2 if isinstance(error, InputError) else 1)
    assert ran.err.count("\n") == 1
    assert told in ran.err
    record = read_record(tmp_path / "run")
    assert record.outcome.state == "failed"
    assert recorded in str(getattr(record.outcome, "error", None))
    assert len(record.epochs) == 1
    assert run(*line).code == 0
    again = read_record(tmp_path / "run")
    assert again.outcome.state == "complete"
    assert [attempt.after_epochs for attempt in again.attempts] == [0, 1]
    calm = train(tiny_run(tiny_data(tmp_path), tmp_path / "calm"), lambda _: None)
    assert again.epochs[-1].loss == calm.epochs[-1].loss


def test_memory_that_does_not_hold_the_network_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Run) -> None:
        torch.empty(10**15, dtype=torch.uint8)

    monkeypatch.setattr(Run, "__post_init__", full)
    ran = run(*words(npz(tmp_path)), f"--out={tmp_path / 'run'}")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "out of memory (tried to allocate" in ran.err
    assert "precision=bfloat16" in ran.err


def test_a_training_is_gone_when_the_next_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, runs = Run.__post_init__, list[weakref.ref[Run]]()
    models, alive = list[weakref.ref[torch.nn.Module]](), list[int]()

    def counted(self: Run) -> None:
        alive.append(sum(one() is not None for one in (*runs, *models)))
        begin(self)
        runs.append(weakref.ref(self))
        models.append(weakref.ref(self.model))

    monkeypatch.setattr(Run, "__post_init__", counted)
    gc.disable()
    try:
        ran = run(*words(npz(tmp_path)), "--seeds=3", f"--out={tmp_path / 'run'}")
    finally:
        gc.enable()
    assert ran.code == 0, ran.err
    assert alive == [0, 0, 0]


def test_memory_is_released_on_a_gpu_in_use_only(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[str]()
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append("empty"))
    monkeypatch.setattr(memory.gc, "collect", lambda: calls.append("collect"))
    release()
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    release()
    assert calls == ["collect", "collect", "empty"]


def test_a_tuning_stops_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = [*words(npz(tmp_path)), "--tune=lr", "--tune-trials=2", f"--out={tmp_path / 'run'}"]
    breaking(monkeypatch, lost())
    ran = run(*line)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "trial 0: the GPU failed" in ran.err
    assert "the same command continues" in ran.err
    assert run(*line).code == 0
    record = read_record(tmp_path / "run" / "s1")
    assert record.tuning is not None
    assert [tried.state for tried in record.tuning.tried] == ["complete", "complete"]


def test_a_failed_run_is_shown_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaking(monkeypatch, OUT)
    assert run(*words(npz(tmp_path)), f"--out={tmp_path / 'run'}").code == 1
    compared = run("compare", tmp_path / "run", tmp_path / "run")
    assert "run (seed 0) failed: out of memory" in " ".join(compared.out.split())
    assert '"failed": 1' in run("compare", tmp_path / "run", tmp_path / "run", "--json").out
    assert "(failed: out of memory" in run("cost", tmp_path / "run").out
    shown = run("show", tmp_path / "run")
    assert "failed" in shown.out, shown.out
    asked = run("export", tmp_path / "run", "--out", tmp_path / "run.onnx")
    assert asked.code == 2
    assert "the run failed after 1 epoch" in asked.err
