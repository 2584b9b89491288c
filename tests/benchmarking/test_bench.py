"""Speed: what is timed, beside whom, and what is written. No test asserts a time."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st

import designspace
from designspace.benchmarking import Settings, SpeedRecord, bench
from designspace.benchmarking.counterpart import make_counterpart, prove_same
from designspace.benchmarking.memory import memory_of
from designspace.benchmarking.steps import make_step
from designspace.costing import cost
from designspace.errors import InputError
from designspace.naming.timm_names import AS_TIMM, NAMES, timm_name
from designspace.records.measured.speed import Spread
from designspace.records.measured.timm_table import COLUMNS, timm_csv
from designspace.spec.documents import catalog
from tests.helpers.command import run

TINY: dict[str, Any] = {"depths": [1, 1, 1, 1], "widths": {"base": 8, "growth": 2}}
TOO_MANY = 100_000_000
QUICK = ("--input-size", 32, "--rounds", 2, "--seconds", 0, "--threads", 1)


def tiny_words() -> list[str]:
    return [word for path, value in TINY.items() for word in ("--set", f"{path}={value}")]


@pytest.fixture(scope="module")
def record() -> SpeedRecord:
    """One sweep for several tests: both modes, a batch that fits and one that does not."""
    how = Settings(
        modes=("infer", "train"), batch_sizes=(2, TOO_MANY), input_size=32, rounds=2, threads=1
    )
    return bench("convnextv2_atto", how, against="timm")


def test_a_row_a_mode_and_batch_size_timm_beside_ours(record: SpeedRecord) -> None:
    assert [(row.mode, row.batch_size) for row in record.rows] == [
        ("infer", 2),
        ("infer", TOO_MANY),
        ("train", 2),
        ("train", TOO_MANY),
    ]
    for row in record.rows[::2]:
        assert row.speed
        assert row.against
        assert row.against.speed
        assert row.against.latency_ratio
        ours, theirs = row.speed.latency_ms, row.against.speed.latency_ms
        assert (ours.n, theirs.n) == (2, 2)
        assert row.against.latency_ratio.median == ours.median / theirs.median
        paired = [a / b for a, b in zip(ours.samples, theirs.samples, strict=True)]
        assert list(row.against.latency_ratio.samples) == paired
        # on the CPU both come from the very same steps
        assert row.speed.throughput.samples == tuple(
            pytest.approx(2e3 / milliseconds) for milliseconds in ours.samples
        )


def test_a_batch_out_of_memory_is_said_and_the_sweep_goes_on(record: SpeedRecord) -> None:
    for row in record.rows[1::2]:
        assert row.speed is None
        assert row.failure == "out of memory"
        assert row.against
        assert row.against.failure == "out of memory"
        assert row.against.latency_ratio is None
    assert record.complete


def test_the_record_says_where_and_how(record: SpeedRecord) -> None:
    how, where = record.conditions, record.environment
    assert how["threads"] == 1
    assert "AdamW" in how["step"]["train"]
    assert "profiler" in how["memory"]
    assert where["torch"] == torch.__version__.partition("+")[0]
    assert where["cpu"]
    again = SpeedRecord.model_validate_json(record.model_dump_json())
    assert again == record
    counted = cost("convnextv2_atto", 32)
    assert (record.rows[0].params, record.rows[0].macs) == (counted.params, counted.macs)


def test_columns_are_timms(record: SpeedRecord) -> None:
    lines = list(csv.DictReader(io.StringIO(timm_csv(record.rows))))
    assert tuple(lines[0]) == COLUMNS
    assert [line["model"] for line in lines] == ["ds_convnextv2_atto", "convnextv2_atto"] * 2
    ours = lines[0]
    assert record.rows[0].speed
    assert float(ours["infer_step_time"]) == round(record.rows[0].speed.latency_ms.median, 3)
    assert ours["train_batch_size"] == ours["infer_batch_size"] == "2"
    assert ours["param_count"] == "3.71"
    assert lines[2]["infer_samples_per_sec"] == ""


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=40))
def test_a_spread_is_in_order_and_within_its_samples(samples: list[float]) -> None:
    spread = Spread.of(samples)
    ordered = (min(samples), spread.p10, spread.median, spread.p90, max(samples))
    for low, high in pairwise(ordered):
        assert low <= high * (1 + 1e-12)
    assert spread.n == len(samples)


def test_quantiles_are_interpolated() -> None:
    spread = Spread.of([11 - float(number) for number in range(11)])
    assert (spread.p10, spread.median, spread.p90) == (2, 6, 10)


def test_timms_names_are_found_by_architecture() -> None:
    for name in (*NAMES, *AS_TIMM, "resnet50", "convnextv2_atto"):
        found = timm_name(designspace.load(name, AS_TIMM.get(name)))
        assert found == NAMES.get(name, name)
    for name in ("poolformer_s12", "convnext_iso_s", "convnext_proxy"):
        assert timm_name(designspace.load(name)) is None


@pytest.mark.slow
def test_timms_names_count_the_same_parameters() -> None:
    for name in catalog.names("specs"):
        found = timm_name(designspace.load(name, AS_TIMM.get(name)))
        if found is None:
            continue
        with torch.device("meta"):
            theirs = timm.create_model(found)
        assert sum(p.numel() for p in theirs.parameters()) == cost(name).params, name


def test_a_ladders_step_is_known_by_its_architecture() -> None:
    assert timm_name(designspace.load("resnet50_to_convnext_t:separate_ds")) == "convnext_tiny"
    assert timm_name(designspace.load("resnet50_to_convnext_t:gelu")) is None


@pytest.mark.parametrize("name", ["poolformer_s12", "resnet50"])
def test_what_is_the_same_gives_the_same_logits_and_keeps_timms_weights(name: str) -> None:
    how = Settings(input_size=32)
    ours = designspace.build(designspace.load(name, AS_TIMM.get(name)))
    torch.manual_seed(3)
    theirs = make_counterpart(name, how, 32)
    torch.manual_seed(3)
    untouched = make_counterpart(name, how, 32).state_dict()
    same = prove_same(ours, theirs, name, 32)
    assert same.logits is not None
    assert same.logits < 1e-4
    for key, value in theirs.state_dict().items():
        assert torch.equal(value, untouched[key])


def test_equal_parameters_with_other_logits_are_refused() -> None:
    ours = designspace.build("poolformer_s12")  # the authors': another norm, at another place
    theirs = make_counterpart("poolformer_s12", Settings(), 64)
    with pytest.raises(InputError, match="logits of timm's 'poolformer_s12' differ"):
        prove_same(ours, theirs, "poolformer_s12", 64)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["convnext_iso_s", "--against", "timm"], "no timm network is known"),
        (["poolformer_s12", "--against", "timm"], "--set 'head.norm_at=after_pool'"),
        (["convnextv2_atto", "--against", "timm:resnet50"], "25,557,032 parameters"),
        (["convnextv2_atto", "--against", "timm:resnet5"], "did you mean resnet50, "),
        (["convnextv2_atto", "--against", "keras"], "valid: timm, timm:NAME"),
        (["convnextv2_atto", "--batch-size", "1,x"], "is not a list of batch sizes"),
        (["convnextv2_atto", "--batch-size", "0"], "whole numbers from 1"),
        (["convnextv2_atto", "--mode", "infr"], "did you mean 'infer'"),
        (["convnextv2_atto", "--precision", "float16", "--device", "cpu"], "CUDA only"),
        (["convnextv2_atto", "--layout", "nhwc"], "channels_last, contiguous"),
        (["convnextv2_atto", "--device", "mps"], "valid: cpu, cuda"),
        (["convnextv2_ato"], "did you mean 'convnextv2_atto'"),
    ],
)
def test_what_cannot_be_measured(words: list[str], said: str, tmp_path: Path) -> None:
    ran = run("bench", *words, "--out", tmp_path / "speed.json")
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not ran.out
    assert not list(tmp_path.iterdir())


def test_the_hint_makes_a_network_that_timm_has() -> None:
    hint = run("bench", "poolformer_s12", "--against", "timm").err
    pool, norm = (hint.split("'")[at] for at in (3, 5))
    changed = ("poolformer_s12", "--set", pool, "--set", norm)
    ran = run("bench", *changed, *QUICK, "--batch-size", 1, "--against", "timm", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["rows"][0]["against"]["name"] == "timm:poolformer_s12"


def test_table_files_and_several_networks(tmp_path: Path) -> None:
    files = ("--out", tmp_path / "speed.json", "--csv", tmp_path / "speed.csv")
    words = ("convnextv2_atto", "resnet50", *tiny_words(), "--batch-size", f"1,{TOO_MANY}")
    ran = run("bench", *words, *QUICK, *files)
    assert ran.code == 0, ran.err
    assert "resnet50 depths=[1, 1, 1, 1]" in ran.out
    assert ran.out.count("OOM") == 2
    assert "1 thread" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    kept = SpeedRecord.model_validate_json((tmp_path / "speed.json").read_text())
    assert kept.complete
    assert kept.command.startswith("designspace bench convnextv2_atto resnet50")
    lines = (tmp_path / "speed.csv").read_text().splitlines()
    assert lines[0].startswith("model,infer_samples_per_sec,infer_step_time,infer_batch_size")
    assert len(lines) == 5


def test_batch_norm_cannot_train_on_one_value() -> None:
    words = ("resnet50", *tiny_words(), *QUICK, "--batch-size", 1, "--mode", "train", "--json")
    row = json.loads(run("bench", *words).out)["rows"][0]
    assert row["speed"] is None
    assert "one value per channel" in row["failure"]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("layout", ["channels_last", "contiguous"])
def test_precision_and_layout_reach_the_network(precision: Any, layout: Any) -> None:
    how = Settings(precision=precision, layout=layout)
    module = designspace.build("resnet50", input_size=64)
    seen: list[torch.Tensor] = []
    step = make_step(module, "infer", torch.zeros(2, 3, 64, 64), how)
    conv = step.module.get_submodule("stem.conv")
    assert isinstance(conv, torch.nn.Conv2d)
    step.module.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    step.run()
    images = seen[0]
    assert images.dtype == getattr(torch, precision)
    assert images.is_contiguous(memory_format=how.memory_format)
    assert conv.weight.is_contiguous(memory_format=how.memory_format)
    assert next(module.parameters()).dtype == torch.float32  # the network given is left as it is


def test_a_training_step_trains() -> None:
    module = designspace.build(designspace.load("convnextv2_atto", TINY), input_size=32)
    step = make_step(module, "train", torch.randn(2, 3, 32, 32), Settings(precision="bfloat16"))
    before = [p.clone() for p in step.module.parameters()]
    step.run()
    after = list(step.module.parameters())
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(p.dtype == torch.float32 for p in after)


def test_memory_of_a_known_step() -> None:
    """Two linear layers: the weights, the images, and both layers' outputs at once."""
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 1000, bias=False))
    module.append(torch.nn.Linear(1000, 10, bias=False))
    step = make_step(module, "infer", torch.zeros(5, 3, 2, 2), Settings(layout="contiguous"))
    step.run()
    held = 4 * (12 * 1000 + 1000 * 10 + 5 * 12)
    outputs = 4 * (5 * 1000 + 5 * 10)
    seen = memory_of(step, torch.device("cpu"))
    assert held + outputs <= seen <= held + outputs + 1024  # blocks are aligned


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    how = Settings(rounds=1, input_size=32, threads=before + 1)
    spec = designspace.load("convnextv2_atto", TINY)
    assert bench(spec, how).conditions["threads"] == before + 1
    assert torch.get_num_threads() == before


@pytest.mark.slow
def test_interrupted_keeps_the_rows_that_are_done(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    words = ["convnextv2_atto", "--batch-size", ",".join(500 * "1"), "--input-size", "32"]
    words += ["--rounds", "2", "--out", str(out)]
    command = [sys.executable, "-m", "designspace", "bench", *words]
    pipe = subprocess.PIPE
    running = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    try:
        while not (out.is_file() and json.loads(out.read_text())["rows"]):
            assert running.poll() is None, running.stderr and running.stderr.read()
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGINT)
        said, complained = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    kept = SpeedRecord.model_validate_json(out.read_text())
    assert not kept.complete
    rows = len(kept.rows)
    assert said.count("infer") == rows
    are = "row is" if rows == 1 else "rows are"
    assert complained.splitlines()[-1] == f"interrupted; {rows} {are} kept in {out}"


@pytest.mark.slow
def test_compiled_beside_timm() -> None:
    how = Settings(modes=("infer", "train"), input_size=32, rounds=2, compiled=True, threads=1)
    for row in bench("convnextv2_atto", how, against="timm").rows:
        assert row.speed
        assert row.against
        assert row.against.speed
        steady = row.speed.latency_ms.median / 1e3
        assert row.speed.first_step_s > steady  # the first step compiled


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_cuda(precision: Any) -> None:
    how = Settings(
        modes=("infer", "train"), device="cuda", precision=precision, input_size=64, rounds=3
    )
    record = bench("convnextv2_atto", how, against="timm")
    assert record.environment["gpu"]
    for row in record.rows:
        assert row.speed
        assert row.speed.memory_bytes > row.params * 2
        assert len(row.speed.throughput.samples) == 3
