"""Two processes over gloo train as one does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import distributed, nn

import designspace
from designspace.compiler import synchronise
from designspace.compiler.synchronised import batch_norms
from designspace.errors import DesignspaceError, InputError
from designspace.training.distributed import TIMEOUT, Group, cause, joined
from tests.helpers.small import SIDE, small, stir

RECIPE = {
    "epochs": 2,
    "batch_size": 64,
    "accumulation": 2,
    "mixup": 0.8,
    "cutmix": 1.0,
    "crop": "{kind: pad, padding: 2}",
    "random_erasing": 0.25,
    "val_fraction": 0.7,
}
ARGUMENTS = [
    "train", "convnext_proxy", "--device", "cpu", "--json", "--set", "depths=[1, 1, 1]",
    *(word for path, value in RECIPE.items() for word in ("--recipe-set", f"{path}={value}")),
]  # fmt: skip


def run(processes: int, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    start = [sys.executable, "-m"]
    if processes > 1:
        start += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    command = [*start, "designspace", *ARGUMENTS, "--out", str(out), *more]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.slow
def test_the_loss_curve_is_that_of_one_process(tmp_path: Path) -> None:
    found: list[dict[str, Any]] = []
    for processes in (1, 2):
        done = run(processes, tmp_path / str(processes))
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    one, two = ((tmp_path / n / "metrics.csv").read_text().splitlines() for n in "12")
    assert len(one) == len(two) == 3
    for mine, other in zip(one[1:], two[1:], strict=True):
        losses = [[float(x) for x in line.split(",")[1:3]] for line in (mine, other)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert found[0]["test"]["n"] == found[1]["test"]["n"] == 1000
    assert found[0]["test"]["loss"] == pytest.approx(found[1]["test"]["loss"], rel=1e-3)
    weights = [load_file(tmp_path / n / "weights.safetensors") for n in "12"]
    for name, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][name], rtol=1e-2, atol=2e-4, msg=name)


@pytest.mark.slow
def test_batch_norm_over_processes_wants_gpus(tmp_path: Path) -> None:
    done = run(2, tmp_path / "run", "--set", "norm=batchnorm")
    assert done.returncode != 0
    assert "batch norm over several processes needs GPUs ('stem.norm')" in done.stderr
    assert not (tmp_path / "run").exists()


RESUMES = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from torch import distributed
from designspace.errors import DivergedError, InputError
from designspace.training.distributed import joined
from designspace.training.run import Run
from tests.helpers.trainings import SHORT, tiny_data, tiny_net
from designspace.spec.recipe.recipe import load_recipe

out = Path(sys.argv[1])
recipe = load_recipe("demo", SHORT | {"epochs": 1, "batch_size": 2, "mixup": 0, "cutmix": 0})
messages = []
send = distributed.all_reduce
distributed.all_reduce = lambda values: (messages.append(values.numel()), send(values))
with joined("cpu") as (group, own):
    own_folder = out / f"data{group.rank}"
    own_folder.mkdir()
    data = tiny_data(own_folder)

    def make(name):
        place = out / name
        return Run(tiny_net(), recipe, data, seed=0, device=own, directory=place, save_every=0.0,
                   group=group)

    def die(step, steps):
        if step == 17:
            raise KeyboardInterrupt

    run = make("whole")
    whole = run.train_epoch()
    steps = run._batches.steps
    assert steps == 32
    assert messages == [16, 16, 5]  # losses, then the score; nothing per step
    losses = [whole.train_loss, *(float(x.detach().sum()) for x in run.model.parameters())]
    assert group.agrees(losses)
    try:
        make("cut").train_epoch(die)
    except KeyboardInterrupt:
        run = make("cut")
    run.resume()
    assert run._position.step == 16  # the last step whose losses all processes had shared
    assert len(run._position.losses) == 16
    assert run.train_epoch().train_loss == whole.train_loss
    ddp = run._trainer.forward
    assert not ddp.will_sync_module_buffers()
    compiled = replace(run._trainer, forward=torch.compile(ddp))
    for last in (False, True):
        with compiled._gathering(last=last):
            assert ddp.require_backward_grad_sync == last
    try:
        make("cut" if group.leads else "elsewhere").resume()
    except InputError as error:
        assert "different checkpoints" in str(error)
    else:
        raise AssertionError
    breaks = load_recipe(recipe.plain(), {"optimizer.lr": 1e30, "grad_clip": None})
    run = Run(tiny_net(), breaks, data, seed=0, device=own, directory=out / "broken", group=group)
    try:
        run.train_epoch()
    except DivergedError as error:
        assert group.agrees(str(error))
    else:
        raise AssertionError
"""


@pytest.mark.slow
def test_processes_resume_to_the_same_loss_or_not_at_all(tmp_path: Path) -> None:
    script = tmp_path / "resumes.py"
    script.write_text(RESUMES)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        [*start, str(script), str(tmp_path)],
        capture_output=True, text=True, check=False, env=environment | {"PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


FAILS = """
import os, sys
from designspace.cli import main
from designspace.errors import InputError
from designspace.training.loop import Trainer

kind, rank = sys.argv.pop(1), sys.argv.pop(1)
steps, whole = [], Trainer._step

def broken(*_, **__):
    raise InputError("it is broken", file="photos")

def step(*args, **more):
    steps.append(1)
    if len(steps) == 3:
        if kind == "killed":
            os.kill(os.getpid(), 9)
        broken()
    return whole(*args, **more)

if os.environ["RANK"] == rank:
    if kind == "data":
        from designspace.images import data
        data.load_data = broken
    Trainer._step = step
main()
"""


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("kind", "rank"), [("data", 1), ("step", 1), ("step", 0), ("killed", 1), ("killed", 0)]
)
def test_a_process_that_fails_ends_the_others(tmp_path: Path, kind: str, rank: int) -> None:
    script = tmp_path / "fails.py"
    script.write_text(FAILS)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    words = [arg for arg in ARGUMENTS if arg != "--json"]
    done = subprocess.run(
        [*start, str(script), kind, str(rank), *words, "--out", str(tmp_path / "run")],
        capture_output=True, text=True, check=False, env=environment | {"PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode != 0
    ours = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(ours) == 1
    lost = "another process ended, and this one lost its connection to it"
    assert (lost if kind == "killed" else "photos: it is broken") in ours[0]
    assert "Unable to shutdown process" not in done.stderr  # torchrun would say it after 30 s
    assert not [line for line in done.stderr.splitlines() if line.startswith("[rank")]
    assert done.stderr.count("Traceback") == 1  # torchrun's own


@pytest.fixture
def torchrun(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What torchrun sets for a process that is alone."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for name, value in {
        "TORCHELASTIC_RUN_ID": "test", "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "GLOO_SOCKET_IFNAME": "lo",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("torchrun")
def test_a_group_is_destroyed_on_the_clean_path_only() -> None:
    with joined("cpu") as (group, own):
        assert (group, own) == (Group(0, 1), "cpu")
        assert distributed.is_initialized()
    assert not distributed.is_initialized()
    with pytest.raises(InputError, match="broken"), joined("cpu"):
        raise InputError("broken")
    assert distributed.is_initialized()
    distributed.destroy_process_group()


def test_the_first_failure_is_the_cause(torchrun: pytest.MonkeyPatch) -> None:
    lost = RuntimeError("[pair.cc:561] Connection closed by peer [127.0.0.1]:1")
    wrapped = DesignspaceError("the training failed")
    wrapped.__cause__ = lost
    with joined("cpu"):
        one, other = Group(0, 2), Group(1, 2)
        assert cause(one, MemoryError()) == "MemoryError"
        assert cause(one, ValueError("later")) == "MemoryError"
        assert cause(other, wrapped) == "process 0 failed: MemoryError"
    torchrun.setenv("MASTER_PORT", str(int(os.environ["MASTER_PORT"]) + 1))
    with joined("cpu"):
        assert cause(Group(1, 2), wrapped).startswith("another process ended")
    assert cause(Group(), lost) == str(lost)


def test_a_group_of_gpus_is_told_its_device(torchrun: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    torchrun.setenv("LOCAL_RANK", "1")
    torchrun.setattr(torch.cuda, "is_available", lambda: True)
    torchrun.setattr(torch.cuda, "device_count", lambda: 2)
    torchrun.setattr(torch.cuda, "set_device", said.append)
    torchrun.setattr(distributed, "init_process_group", lambda *a, **b: said.append((a, b)))
    torchrun.setattr(distributed, "destroy_process_group", lambda: said.append("destroyed"))
    torchrun.setattr(distributed, "get_rank", lambda: 1)
    torchrun.setattr(distributed, "get_world_size", lambda: 2)
    with joined("cuda") as (group, own):
        assert (group, own) == (Group(1, 2), "cuda:1")
    place = torch.device("cuda:1")
    assert said == [place, (("nccl",), {"timeout": TIMEOUT, "device_id": place}), "destroyed"]


def test_a_signal_ends_a_process_that_waits_in_native_code() -> None:
    waits = """
import ctypes, signal
from designspace.training import distributed as group
group.GRACE = 0.2
signal.signal(signal.SIGTERM, lambda *_: None)
with group._ended_in_time():
    print(flush=True)
    libc = ctypes.CDLL(None)
    while True:  # as a collective does, which begins again after a signal
        libc.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", waits], stdout=subprocess.PIPE) as waiting:
        assert waiting.stdout is not None
        waiting.stdout.readline()
        waiting.terminate()
        assert waiting.wait(timeout=20) == 128 + 15


def test_only_torchrun_starts_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(InputError, match="without LOCAL_RANK"), joined("cpu"):
        pass


def test_synchronised_norms_are_the_same_function() -> None:
    model = designspace.build(small("regnetx_002"), num_classes=3, input_size=SIDE).eval()
    stir(model)
    x = torch.randn(2, 3, SIDE, SIDE)
    with torch.no_grad():
        before, state = model(x), model.state_dict()
        names = batch_norms(model)
        synchronise(model)
        torch.testing.assert_close(model(x), before)
    assert model.state_dict().keys() == state.keys()
    assert batch_norms(model) == names
    assert all(isinstance(model.get_submodule(name), nn.SyncBatchNorm) for name in names)


@pytest.mark.parametrize("name", ["swin_t", "regnetx_002", "convnextv2_atto", "deit_s"])
def test_only_batch_norms_change_buffers_so_that_none_needs_to_be_sent(name: str) -> None:
    model = designspace.build(small(name), num_classes=3, input_size=SIDE).train()
    norms = set(batch_norms(model))
    before = {key: value.clone() for key, value in model.named_buffers()}
    model(torch.randn(4, 3, SIDE, SIDE)).sum().backward()
    changed = {
        key.rpartition(".")[0]
        for key, value in model.named_buffers()
        if not torch.equal(value, before[key])
    }
    assert changed == norms
