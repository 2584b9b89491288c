"""Which device a trial gets, how many trials run at a time, and what is refused before a start."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from designspace.cli.input.device import chosen
from designspace.cli.output.opening import STEPS, WARM_UP, TrainingOpening
from designspace.compiler.device import in_use
from designspace.errors import InputError
from designspace.records.training import Epoch
from designspace.searching.executors.cluster import slots
from designspace.searching.plan import parallel, time_epoch
from designspace.searching.ray_session.ray_settings import prepare
from designspace.searching.request import Resources
from designspace.searching.resources import Asked, Available, Node, require_resources
from designspace.searching.study import run_study
from designspace.searching.trials.trainable import Job, Progress
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.run import Run
from tests.helpers import toy
from tests.helpers.command import run
from tests.helpers.trainings import npz, tiny_data, tiny_net, tiny_run

SPACE = """
name: small
base: {base: convnext_proxy, changes: {depths: [1, 1], widths: [8, 16], stem.patch_size: 4}}
axes: {act: {path: act, choices: [gelu, relu]}}
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.chdir(tmp_path)


def gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let torch report so many GPUs on this machine, as far as the driver of a search asks."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Pretend")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1.5", "expected a share of one GPU, above 0 and up to 1 (got 1.5); did you mean 1?"),
        ("2", "a trial trains on one GPU, and cannot span 2 yet; did you mean 1?"),
        ("2.0", "cannot span 2 yet"),
        ("1e9", "cannot span"),
        ("1.0000001", "expected a share of one GPU"),
        ("-1", "expected 0, or a share of one GPU from 0.0001 to 1 (got -1); did you mean 0?"),
        ("-0.25", "did you mean 0?"),
        ("0.00005", "did you mean 0.0001?"),
        ("nan", "(got nan)"),
        ("inf", "(got inf)"),
        ("-inf", "(got -inf)"),
    ],
)
@pytest.mark.parametrize("extra", [(), ("--executor", "local"), ("--dry-run",)])
def test_counts_that_are_refused(
    value: str, said: str, extra: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(monkeypatch, 8)
    ran = run("search", "--gpus-per-trial", value, "--study", "s", *extra)
    assert ran.code == 2
    assert ran.err.startswith("error: --gpus-per-trial: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (2, "--device cpu --gpus-per-trial 1", "--gpus-per-trial needs a GPU, but --device is c"),
        (2, "--device cuda --gpus-per-trial 0", "--device cuda needs a GPU, but --gpus-per-trial"),
        (2, "--device cuda:1", "--device: Ray chooses the GPU of each trial (got cuda:1); valid"),
        (2, "--device cuda:9 --executor local", "no CUDA device 9 here; valid: 0 to 1"),
        (2, "--device tpu", "unknown device 'tpu'; valid: cpu, cuda"),
        (2, "--device mps", "the device 'mps' is not supported"),
        (2, "--cpus-per-trial 0", "--cpus-per-trial"),
        (0, "--gpus-per-trial 1", "no CUDA device here: a trial asks for 1 GPU, and this machine"),
        (0, "--gpus-per-trial 0.25", "a trial asks for 0.25 GPUs, and this machine has 0"),
        (0, "--device cuda", "a trial asks for 1 GPU, and this machine has 0; --device cpu trains"),
        (0, "--device cuda --executor local", "no CUDA device here"),
    ],
)
def test_contradictions_and_missing_gpus_are_refused(
    count: int, words: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(monkeypatch, count)
    ran = run("search", "--study", "s", *words.split())
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("count", "asked", "resources"),
    [
        (2, Asked(), Resources(1, 1.0, "cuda")),
        (0, Asked(), Resources(1, 0.0, "cpu")),
        (2, Asked(gpus=0), Resources(1, 0.0, "cpu")),
        (2, Asked("cpu"), Resources(1, 0.0, "cpu")),
        (2, Asked("cuda", cpus=3), Resources(3, 1.0, "cuda")),
        (2, Asked(gpus=0.25), Resources(1, 0.25, "cuda")),
        (2, Asked(executor="local"), Resources(1, 1.0, "cuda")),
        (2, Asked("cuda:1", executor="local"), Resources(1, 1.0, "cuda:1")),
        (0, Asked(executor="local"), Resources(1, 0.0, "cpu")),
    ],
)
def test_a_gpu_is_the_default_where_there_is_one(
    count: int, asked: Asked, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(monkeypatch, count)
    choice = asked.choose()
    assert choice.resources == resources
    assert choice.note is None


@pytest.mark.parametrize(
    ("asked", "before", "resources", "note"),
    [
        (Asked(), Resources(2, 0.25, "cuda"), Resources(2, 0.25, "cuda"), None),
        (Asked(), Resources(2, 0.0, "cpu"), Resources(2, 0.0, "cpu"), "stay on the CPU"),
        (Asked("cpu"), Resources(2, 0.0, "cpu"), Resources(2, 0.0, "cpu"), None),
        (Asked("cuda"), Resources(1, 0.25, "cuda"), Resources(1, 0.25, "cuda"), None),
        (Asked("cuda"), Resources(), Resources(1, 1.0, "cuda"), "began on cpu, and its trials "
            "continue"),
        (Asked("cpu"), Resources(1, 1.0, "cuda"), Resources(), "began on cuda, and its trials "
            "continue"),
        (Asked(gpus=0.5), Resources(1, 1.0, "cuda"), Resources(1, 0.5, "cuda"), None),
        (Asked(cpus=4), Resources(1, 0.5, "cuda"), Resources(4, 0.5, "cuda"), None),
        # What older studies may hold: a GPU that no trial reserved, or one by number.
        (Asked(), Resources(1, 0.0, "cuda"), Resources(1, 1.0, "cuda"), None),
        (Asked(), Resources(1, 1.0, "cuda:1"), Resources(1, 1.0, "cuda"), None),
        (
            Asked(executor="local"), Resources(1, 1.0, "cuda:1"), Resources(1, 1.0, "cuda:1"), None,
        ),
    ],
)  # fmt: skip
def test_a_study_that_goes_on_keeps_what_it_began_with(
    asked: Asked, before: Resources, resources: Resources, note: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    gpus(monkeypatch, 2)
    choice = asked.choose(before)
    assert choice.resources == resources
    assert (note or "") in (choice.note or "")
    assert bool(note) == bool(choice.note)


def test_four_of_two_fifths_fit_on_two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    for share, wanted in {0.4: 4, 1: 2, 0.5: 4, 1 / 3: 6, 0.3333: 6, 0.1: 20, 0.7: 2}.items():
        asked = Resources(1, share, "cuda")
        assert parallel(toy.request(Path("s"), executor="ray", resources=asked)) == wanted
    few = Resources(20, 0.4, "cuda")
    assert parallel(toy.request(Path("s"), executor="ray", resources=few)) == 3
    assert parallel(toy.request(Path("s"), executor="local", resources=few)) == 1


@given(
    st.decimals("0.0001", 1, places=4, allow_nan=False),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 9)), min_size=1, max_size=4),
    st.integers(1, 20),
)
def test_slots_are_counted_per_gpu_and_node(
    share: Any, machines: list[tuple[int, int]], cpus: int
) -> None:
    asked = Resources(cpus, float(share), "cuda")
    nodes = tuple(Node(*machine) for machine in machines)
    per_gpu = floor(1 / Fraction(share))
    wanted = sum(min(c // cpus, g * per_gpu) for c, g in machines)
    there = Available("the cluster", nodes)
    assert there.slots(asked) == wanted
    assert per_gpu * Fraction(str(asked.ray_gpus)) <= 1  # Ray holds as many
    if wanted:
        assert there.require(asked) == wanted
    else:
        with pytest.raises(InputError, match="a trial asks for"):
            there.require(asked)


@given(st.integers(1, 10_000))
def test_as_many_fit_as_the_share_says(number: int) -> None:
    asked = Resources(1, 1 / number)
    assert Node(10_000, 1).slots(asked) == number
    assert round(asked.ray_gpus * 10_000) * number <= 10_000


@pytest.mark.parametrize(
    ("nodes", "asked", "said"),
    [
        (
            (Node(2, 0), Node(4, 0)),
            Resources(6),
            "asks for 6 CPUs, and the cluster has at most 4",
        ),
        (
            (Node(8, 0), Node(2, 1)),
            Resources(4, 1.0),
            "no node of the cluster has both (8 CP",
        ),
        (
            (Node(8, 0),),
            Resources(4, 1.0),
            "no CUDA device here: a trial asks for 1 GPU",
        ),
        ((), Resources(), "a trial asks for 1 CPU, and the cluster has at most 0 on one of its 0"),
    ],
)
def test_what_no_node_has(nodes: tuple[Node, ...], asked: Resources, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Available("the cluster", nodes).require(asked)
    assert said in str(caught.value)


def test_the_dry_run_says_device_shares_and_what_was_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("space.yaml").write_text(SPACE)
    words = ["search", "--space", "space.yaml", "--data", npz(tmp_path), "--dry-run"]
    words += ["--recipe-set", "batch_size=16"]
    before = sorted(Path().iterdir())
    ran = run(*words, "--device", "cpu")
    assert ran.code == 0, ran.err
    assert "; 1 CPU per trial, " in ran.out
    assert " at a time), ray" in ran.out
    assert "start-up excluded, timed on cpu (" in ran.out
    assert sorted(Path().iterdir()) == before
    monkeypatch.setattr("designspace.searching.plan.time_epoch", lambda _: 1.0)
    gpus(monkeypatch, 2)
    ran = run(*words, "--gpus-per-trial", "0.5")
    assert ran.code == 0, ran.err
    at_a_time = min(4, os.cpu_count() or 1)
    said = f"cuda (Pretend; 0.5 of a GPU and 1 CPU per trial, {at_a_time} at a time), ray"
    assert said in ran.out
    assert "timed on cuda (Pretend)" in ran.out


class Ticking(toy.ToyTrainee):
    """A training of so many steps that says what its caller did between them."""

    steps = 30
    log: list[str]

    def train_epoch(self, progress: Progress | None = None) -> Epoch:
        assert progress is not None
        for step in range(1, self.steps + 1):
            self.log.append(str(step))
            progress(step, self.steps)
        return super().train_epoch(progress)


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (30, ["wait", "1", "2", "wait", *map(str, range(3, 13)), "wait"]),
        (4, ["wait", "1", "2", "wait", "3", "4", "wait"]),
        (1, ["wait", "1", "wait"]),
    ],
)
def test_a_gpu_is_waited_for_at_both_ends_of_a_timing(
    steps: int, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []
    monkeypatch.setattr(Ticking, "steps", steps)
    monkeypatch.setattr(Ticking, "log", log, raising=False)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: log.append("wait"))
    for device in ("cuda", "cpu"):
        log.clear()
        asked = Resources(1, float(device == "cuda"), device)
        request = toy.request(Path("s"), resources=asked)
        object.__setattr__(request, "factory", Ticking)
        assert time_epoch(request) > 0
        assert log == [each for each in wanted if device == "cuda" or each != "wait"]


def test_the_device_becomes_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SetError(Exception):
        pass

    def set_device(device: torch.device) -> None:
        raise SetError(device)

    gpus(monkeypatch, 2)
    monkeypatch.setattr(torch.cuda, "set_device", set_device)
    assert in_use("cuda") == torch.device("cuda")
    assert in_use("cpu") == torch.device("cpu")
    data = tiny_data(tmp_path)
    with pytest.raises(SetError, match="cuda:1"):  # before anything is put on a GPU
        Run(
            tiny_net(), load_recipe("demo"), data, seed=0, device="cuda:1", directory=tmp_path / "r"
        )
    with pytest.raises(SetError, match="cuda:1"):
        chosen("cuda:1")
    with pytest.raises(InputError, match="no CUDA device 2 here; valid: 0 to 1"):
        chosen("cuda:2")


@pytest.mark.parametrize(
    ("there", "built", "hidden", "said"),
    [
        (True, True, False, "this machine has a GPU, but CUDA does not start: see nvidia-smi"),
        (True, False, False, "this machine has a GPU, but this torch is built without CUDA"),
        (True, True, True, ""),
        (False, True, False, ""),
    ],
)
def test_a_gpu_that_torch_cannot_use_is_named(
    there: bool, built: bool, hidden: bool, said: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    gpus(monkeypatch, 0)
    found = [Path("/dev/nvidia0")] if there else []
    monkeypatch.setattr(Path, "glob", lambda self, _: iter(found if str(self) == "/dev" else []))
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: built)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert chosen("auto") == "cpu"
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == bool(said)


def test_the_time_of_a_training_waits_for_the_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    run = tiny_run(tiny_data(tmp_path), tmp_path / "run")
    run.device = "cuda"
    monkeypatch.setattr("designspace.cli.output.opening.device_words", str)
    opening = TrainingOpening(run)
    for done in range(1, 40):
        monkeypatch.setattr(torch.cuda, "synchronize", lambda _, done=done: waits.append(done))
        list(opening.stepped(done, 100))
    assert waits == [WARM_UP, WARM_UP + STEPS]


class Timed(toy.ToyTrainee):
    """A training that notes when it ran, and on which GPU Ray put it."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.began = time.monotonic()

    def keep(self) -> None:
        super().keep()
        gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        (self.job.directory / "span").write_text(f"{self.began} {time.monotonic()} {gpu}")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Ray in this process that counts two GPUs."""
    prepare()
    import ray

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the workers import this file
    ray.init(
        num_cpus=6, num_gpus=2, include_dashboard=False, _node_ip_address="127.0.0.1",
        log_to_driver=False, logging_level=logging.ERROR,
    )  # fmt: skip
    yield
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("two_gpus")
def test_no_more_trials_run_on_a_gpu_than_fit(tmp_path: Path) -> None:
    asked = Resources(1, 0.4)
    require_resources(asked, "ray")
    assert slots(asked) == 4
    with pytest.raises(InputError, match="a trial asks for 7 CPUs, and Ray has 6"):
        require_resources(Resources(7), "ray")
    request = toy.request(
        tmp_path / "s", executor="ray", resources=asked, trials=9, scheduler="none",
        recipe={"epochs": 2, "sleep": 0.3},
    )  # fmt: skip
    object.__setattr__(request, "factory", Timed)
    assert run_study(request).exit_code == 0
    spans = [path.read_text().split() for path in (tmp_path / "s").glob("trials/*/span")]
    assert len(spans) == 9
    assert {gpu for *_, gpu in spans} == {"0", "1"}
    for start, *_ in spans:
        now = [gpu for a, b, gpu in spans if float(a) <= float(start) < float(b)]
        assert len(now) <= 4
        assert max(now.count("0"), now.count("1")) <= 2
