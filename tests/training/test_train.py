from __future__ import annotations

import errno
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from designspace.errors import DivergedError, InputError
from designspace.images.data import Data, load_data
from designspace.spec.network.load import load
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.evaluate import evaluate_split, relabelled
from designspace.training.run import Run
from designspace.training.state import checkpoint

TINY = {"depths": [1, 1], "widths": [8, 16], "stem.patch_size": 4}
# Everything that draws random numbers or carries state from step to step.
EVERYTHING = {
    "epochs": 4,
    "batch_size": 16,
    "schedule.warmup_epochs": 1,
    "crop": {"kind": "pad", "padding": 2},
    "mixup": 0.8,
    "cutmix": 1.0,
    "rand_augment": "rand-m9-mstd0.5-inc1",
    "random_erasing": 0.25,
    "drop_path_rate": 0.2,
    "ema": {"decay": 0.9},
}
Make = Callable[..., Run]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data() -> Data:
    """A tenth of the packaged set."""
    full = load_data()
    small = {
        part: getattr(full, part).take(range(count))
        for part, count in (("train", 96), ("val", 100), ("test", 100))
    }
    return Data("part", "d" * 16, full.classes, 1, 28, small["train"], small["val"], small["test"])


@pytest.fixture(scope="module")
def net() -> Network:
    return load("convnext_proxy", TINY)


@pytest.fixture
def make(tmp_path: Path, data: Data, net: Network) -> Make:
    def run(where: str = "run", changes: dict[str, Any] | None = None, **other: Any) -> Run:
        recipe = load_recipe("demo", {**EVERYTHING, **(changes or {})})
        arguments: dict[str, Any] = {"seed": 0, "device": "cpu", "directory": tmp_path / where}
        spec = other.pop("spec", net)
        return Run(spec, recipe, other.pop("data", data), **(arguments | other))

    return run


def _weights(run: Run) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value
        for name, model in (("model", run.model), ("trained", run.trained))
        for key, value in model.state_dict().items()
    }


def _same(a: Run, b: Run) -> bool:
    mine, other = _weights(a), _weights(b)
    return mine.keys() == other.keys() and all(torch.equal(mine[k], other[k]) for k in mine)


def _finish(run: Run) -> Run:
    while run.epoch < run.epochs:
        run.train_epoch()
    return run


@pytest.fixture
def uninterrupted(make: Make) -> Run:
    return _finish(make("uninterrupted"))


@pytest.mark.parametrize("norm", ["layernorm", "batchnorm"])
def test_a_run_killed_anywhere_ends_with_the_same_weights(make: Make, norm: str) -> None:
    spec = load("convnext_proxy", {**TINY, "norm": norm})
    whole_run = _finish(make("whole", spec=spec))
    for killed_after in (0, 1, 3):
        where = f"killed{killed_after}"
        first = make(where, spec=spec)
        for _ in range(killed_after):
            first.train_epoch()
        _die_in_the_middle_of_an_epoch(first)
        torch.rand(7)  # The new process would stand elsewhere in the global streams.
        second = make(where, spec=spec)
        assert second.resume() == killed_after
        assert [e.epoch for e in second.history] == list(range(1, killed_after + 1))
        assert _same(_finish(second), whole_run)
        assert [e.top1 for e in second.history] == [e.top1 for e in whole_run.history]


@pytest.mark.parametrize("parts", [None, 2])
def test_a_run_goes_on_from_inside_an_epoch(make: Make, parts: int | None) -> None:
    more = {"accumulation": parts, "epochs": 2}
    whole_run = _finish(make("whole", more))
    run = make("cut", more, save_every=0.0)
    for epoch, step in ((0, 1), (0, 4), (1, 5)):
        while run.epoch < epoch:
            run.train_epoch()
        with pytest.raises(KeyboardInterrupt):
            run.train_epoch(_dying_after(step))
        torch.rand(5)
        run = make("cut", more, save_every=0.0)
        assert run.resume() == epoch
        seen: list[int] = []
        with pytest.raises(KeyboardInterrupt):
            run.train_epoch(_dying_after(step + 1, seen))
        assert seen == [step + 1]
        run = make("cut", more, save_every=0.0)
        run.resume()
    assert _same(_finish(run), whole_run)
    assert [e.train_loss for e in run.history] == [e.train_loss for e in whole_run.history]


def _dying_after(last: int, seen: list[int] | None = None) -> Callable[[int, int], None]:
    def die(step: int, _: int) -> None:
        if seen is not None:
            seen.append(step)
        if step == last:
            raise KeyboardInterrupt

    return die


def _die_in_the_middle_of_an_epoch(run: Run) -> None:
    def die(step: int, steps: int) -> None:
        if step == steps // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.train_epoch(die)


def test_what_an_epoch_says(make: Make, tmp_path: Path) -> None:
    run, seen = make(changes={"epochs": 2}), []
    epoch = run.train_epoch(lambda done, total: seen.append((done, total)))
    assert seen == [(step, 6) for step in range(1, 7)]
    assert (epoch.epoch, run.epoch, run.epochs) == (1, 1, 2)
    assert epoch.top5 is not None
    assert 0 <= epoch.top1 <= epoch.top5 <= 100
    assert math.isfinite(epoch.train_loss)
    assert epoch.images_per_second > 0
    assert 0 < epoch.lr < run.recipe.learning_rate
    _finish(run)
    lines = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    measured = "epoch,train_loss,loss,top1,top5,lr,seconds,images_per_second"
    times = "time.data,time.forward,time.backward,time.step,time.validation"
    assert lines[0] == f"{measured},peak_memory,{times}"
    assert epoch.time is not None
    parts = list(epoch.time.model_dump().values())
    assert min(parts) > 0
    assert sum(parts) == pytest.approx(epoch.seconds, rel=0.2)
    assert epoch.peak_memory is not None
    assert epoch.peak_memory > 2**20
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]
    assert run.test().n == 100


def test_a_truncated_checkpoint_falls_back_to_the_one_before(
    make: Make, tmp_path: Path, uninterrupted: Run
) -> None:
    run = make()
    run.train_epoch()
    run.train_epoch()
    current = tmp_path / "run" / checkpoint.CURRENT
    content = current.read_bytes()
    for size in (len(content) // 2, 100, 0):
        current.write_bytes(content[:size])
        resumed = make()
        assert resumed.resume() == 1
    assert _same(_finish(resumed), uninterrupted)


def test_without_any_checkpoint_a_run_starts_anew(make: Make, uninterrupted: Run) -> None:
    run = make("empty")
    assert run.resume() == 0
    run.train_epoch()
    for name in (checkpoint.CURRENT, checkpoint.PREVIOUS):
        (run.directory / name).unlink(missing_ok=True)
    assert run.resume() == 0
    assert _same(_finish(run), uninterrupted)


def test_a_kill_between_the_two_renames_loses_nothing(make: Make) -> None:
    run = make()
    run.train_epoch()
    run.train_epoch()
    current = run.directory / checkpoint.CURRENT
    current.replace(run.directory / checkpoint.COMING)
    assert make().resume() == 2
    (run.directory / checkpoint.COMING).unlink()
    assert make().resume() == 1


def test_foreign_checkpoints_are_refused(make: Make, data: Data) -> None:
    make(changes={"epochs": 2}).train_epoch()
    assert make(changes={"epochs": 2}).resume() == 1
    assert make(changes={"epochs": 3}).resume() == 0
    assert make(changes={"epochs": 2}, seed=1).resume() == 0
    other = load("convnext_proxy", {**TINY, "block.spatial.kernel_size": 5})
    assert make(changes={"epochs": 2}, spec=other).resume() == 0
    renamed = Data("part", "e" * 16, data.classes, 1, 28, data.train, data.val, data.test)
    assert make(changes={"epochs": 2}, data=renamed).resume() == 0
    run = make("text")
    run.directory.mkdir()
    (run.directory / checkpoint.CURRENT).write_bytes(b"no checkpoint")
    torch.save([1, 2], run.directory / checkpoint.PREVIOUS)
    assert run.resume() == 0


def test_a_full_disk_leaves_the_checkpoint_before(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make()
    run.train_epoch()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        run.train_epoch()
    monkeypatch.undo()
    assert run.epoch == 1
    assert make().resume() == 1
    assert sorted(path.name for path in run.directory.iterdir()) == [
        checkpoint.CURRENT,
        "metrics.csv",
    ]


def test_divergence_names_epoch_and_step(make: Make) -> None:
    run = make(changes={"grad_clip": None, "mixup": 0, "cutmix": 0})
    run.train_epoch()

    def poison(step: int, _: int) -> None:
        if step == 2:
            with torch.no_grad():
                next(run.model.parameters()).fill_(math.nan)

    with pytest.raises(DivergedError, match="epoch 2, step 3") as caught:
        run.train_epoch(poison)
    assert (caught.value.epoch, caught.value.step) == (2, 3)
    assert make(changes={"grad_clip": None, "mixup": 0, "cutmix": 0}).resume() == 1


def test_a_last_step_that_breaks_the_weights_is_not_kept(make: Make) -> None:
    run = make(changes={"ema": None})
    run.train_epoch()

    def poison(step: int, steps: int) -> None:
        if step == steps:
            with torch.no_grad():
                next(run.model.parameters()).fill_(math.nan)

    with pytest.raises(DivergedError, match="epoch 2, step 6"):
        run.train_epoch(poison)
    assert make(changes={"ema": None}).resume() == 1


def test_the_moving_average_is_what_is_measured(make: Make) -> None:
    run = make()
    run.train_epoch()
    assert run.trained is not run.model
    assert make("plain", {"ema": None}).trained is not None
    ema, raw = run.trained.state_dict(), run.model.state_dict()
    assert any(not torch.equal(ema[key], raw[key]) for key in raw)


def test_bfloat16_trains(make: Make) -> None:
    epoch = make(changes={"precision": "bfloat16", "rand_augment": None}).train_epoch()
    assert math.isfinite(epoch.train_loss)


def test_a_batch_larger_than_the_split_is_refused(make: Make) -> None:
    with pytest.raises(InputError, match="batch_size 128 is larger than the training split"):
        make(changes={"batch_size": 128})


def test_unknown_devices_are_refused(make: Make) -> None:
    with pytest.raises(InputError, match="unknown device 'gpu'"):
        make(device="gpu")
    with pytest.raises(InputError, match="the device 'mps' is not supported"):
        make(device="mps")


def test_evaluation_of_a_network_on_a_split(make: Make, data: Data) -> None:
    run = make(changes={"epochs": 1, "schedule.warmup_epochs": 0})
    _finish(run)
    size = run.recipe.part_size
    assert evaluate_split(run.trained, data.test, run.view, batch_size=size) == run.test()
    other = relabelled(data.test, [9 - label for label in range(10)])
    assert torch.equal(other.labels, 9 - data.test.labels)


def test_images_too_small_for_the_network_are_resized(make: Make, data: Data) -> None:
    run = make(spec=load("convnext_proxy", {**TINY, "input_size": 64, "stem.patch_size": 32}))
    assert run.view.size == 64
    assert run.notes == ("every batch resized and center-cropped to 64x64",)
    assert make().view.size == 28
    assert make().notes == ()
    view = run.view.fit(data.train.pixels[:2])  # type: ignore[union-attr]
    assert view.shape == (2, 1, 64, 64)


CHILD = """
import sys
from pathlib import Path
import torch
from designspace.spec.network.load import load
from designspace.spec.recipe.recipe import load_recipe
from designspace.images.data import load_data
from designspace.training.run import Run

torch.set_num_threads(1)
tiny = {"depths": [1, 1], "widths": [8, 16], "stem.patch_size": 4}
recipe = load_recipe("demo", {"epochs": 3})
net = load("convnext_proxy", tiny)
run = Run(
    net, recipe, load_data(), seed=0, device="cpu", directory=Path(sys.argv[1]),
    save_every=float(sys.argv[2]),
)
print("resumed", run.resume(), flush=True)
while run.epoch < run.epochs:
    run.train_epoch(lambda done, _: print(run.epoch, done, flush=True))
"""


@pytest.mark.slow
@pytest.mark.parametrize("save_every", ["600", "0.05"])
def test_a_process_killed_at_any_moment_leaves_nothing_to_repair(
    tmp_path: Path, save_every: str
) -> None:
    def run_until(where: str, last: str | None) -> int:
        command = [sys.executable, "-c", CHILD, str(tmp_path / where), save_every]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if line.strip() == last:
                    child.kill()
                    break
        return child.returncode

    assert run_until("whole", None) == 0
    for last in ("0 30", "1 62", "2 5"):
        assert run_until("killed", last) == -signal.SIGKILL
    assert run_until("killed", None) == 0
    states = [
        torch.load(tmp_path / where / checkpoint.CURRENT, weights_only=True)["state"]["model"]
        for where in ("whole", "killed")
    ]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


@pytest.mark.slow
def test_the_demo_recipe_beats_the_nearest_neighbour(tmp_path: Path) -> None:
    net, recipe = load("convnext_proxy"), load_recipe("demo")
    run = _finish(Run(net, recipe, load_data(), seed=0, device="cpu", directory=tmp_path))
    assert run.test().top1 > 84
