"""Two processes over gloo train as one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import designspace
from designspace.compiler import synchronise
from designspace.compiler.synchronised import batch_norms
from designspace.errors import InputError
from designspace.train.group import joined
from tests.small import SIDE, small, stir

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
from designspace.errors import InputError
from designspace.train.group import joined
from designspace.train.run import Run
from tests.trainings import SHORT, tiny_data, tiny_net
from designspace.spec.recipe import load_recipe

out = Path(sys.argv[1])
recipe = load_recipe("demo", SHORT | {"epochs": 1, "batch_size": 8, "mixup": 0, "cutmix": 0})
with joined("cpu") as (group, own):
    own_folder = out / f"data{group.rank}"
    own_folder.mkdir()
    data = tiny_data(own_folder)

    def make(name):
        place = out / name
        return Run(tiny_net(), recipe, data, seed=0, device=own, directory=place, save_every=0.0,
                   group=group)

    def die(step, steps):
        if step == 5:
            raise KeyboardInterrupt

    whole = make("whole").train_epoch()
    try:
        make("cut").train_epoch(die)
    except KeyboardInterrupt:
        run = make("cut")
    run.resume()
    assert run._position.step == 5
    assert run.train_epoch().train_loss == whole.train_loss
    ddp = run._trainer.forward
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
"""


@pytest.mark.slow
def test_processes_resume_to_the_same_loss_or_not_at_all(tmp_path: Path) -> None:
    script = tmp_path / "resumes.py"
    script.write_text(RESUMES)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    root = str(Path(__file__).parents[1])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(
        [*start, str(script), str(tmp_path)],
        capture_output=True, text=True, check=False, env=environment | {"PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


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
