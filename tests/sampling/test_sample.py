"""`designspace space info` and `designspace sample`: what people see, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

import designspace
from designspace.sampling.space import load_space
from designspace.sampling.task import Task
from designspace.spec import load
from designspace.spec.documents.document import dump_yaml
from tests.helpers.algebra_spaces import SPACES, data
from tests.helpers.command import Ran, run


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(name: str, **limits: Any) -> str:
        path = tmp_path / "space.yaml"
        known = data(SPACES[name], limits.get("limits"))
        path.write_text(dump_yaml(known | {"name": "small", "purpose": "A test."}))
        return str(path)

    return write


def as_json(*words: str) -> Any:
    found: Ran = run(*words, "--json")
    assert found.code == 0, found.err
    return json.loads(found.out)


def test_info_counts_ranges_cuts_and_values(written: Any) -> None:
    space = written("widths couple the stages", limits=["mmacs>=0.4"])
    said = as_json("space", "info", space)
    assert said["combinations"] == said["total"] == 24
    assert sum(cut["kept"] for cut in said["cuts"]) == said["count"] < 24
    least, most = said["ranges"]["macs"]
    assert least < 400_000 <= said["within"]["macs"][0] <= most
    for values in said["values"].values():
        assert sum(value["share"] for value in values) == pytest.approx(1)
    table = run("space", "info", space)
    assert "distinct networks" in table.out
    assert f"{said['count']:,}" in table.out


def test_info_says_which_axes_have_no_effect(written: Any) -> None:
    said = as_json("space", "info", written("conditions, one upon the other"))
    assert said["combinations"] == 16
    assert said["total"] == 8
    kernel = {value["label"]: value["share"] for value in said["values"]["kernel"]}
    assert sum(kernel.values()) == pytest.approx(6 / 8)


def test_an_empty_space_says_which_limit_and_what_is_near(written: Any) -> None:
    space = written("a knob a stage")
    found = run("space", "info", space, "--limit", "gmacs>=4")
    assert found.code == 3
    assert "macs must be at least 4,000,000,000" in found.err
    assert "the nearest in the space is" in found.err
    sampled = run("sample", space, "--limit", "gmacs>=4")
    assert (sampled.code, sampled.err) == (3, found.err)


def test_two_limits_that_exclude_each_other_say_what_either_admits(written: Any) -> None:
    space = written("widths couple the stages")
    ranges = as_json("space", "info", space)["ranges"]
    low, high = ranges["params"][0], ranges["macs"][1]
    found = run("space", "info", space, "--limit", f"params<={low}", "--limit", f"macs>={high}")
    assert found.code == 3
    assert "params must be at most" in found.err
    assert "macs must be at least" in found.err
    assert "without this limit 1 fit" in found.err


def test_a_space_without_a_valid_network_says_why(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    axes = {"patch": {"path": "stem.patch_size", "choices": [64, 128]}}
    path.write_text(dump_yaml(data(axes)))
    for verb in (["space", "info"], ["sample"]):
        found = run(*verb, str(path))
        assert found.code == 2
        assert "no combination makes a valid network" in found.err
        assert "too small" in found.err


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("gmac=4.5+-1%", "did you mean 'gmacs'?"),
        ("params<=30Q", "30Q"),
        ("params=5M..3M", "above the upper 3,000,000"),
        ("hello", "is not a limit"),
    ],
)
def test_wrong_limits_are_one_line(written: Any, limit: str, said: str) -> None:
    found = run("sample", written("a knob a stage"), "--limit", limit)
    assert found.code == 2
    assert said in found.err
    assert found.err.count("\n") == 1


def test_contradicting_limits_are_bad_input(written: Any) -> None:
    space = written("a knob a stage")
    found = run("sample", space, "--limit", "params>=2M", "--limit", "params<=1M")
    assert found.code == 2
    assert "at least 2,000,000 and at most 1,000,000" in found.err


def test_two_limits_on_a_cost_both_hold(written: Any) -> None:
    space = written("widths couple the stages", limits=["params<=1G"])
    every = sorted(n["params"] for n in as_json("sample", space, "-n", "24")["networks"])
    low, high = every[5], every[15]
    words = ("--limit", f"params>={low}", "--limit", f"params<={high}")
    found = as_json("sample", space, "-n", "24", *words)["networks"]
    assert sorted(n["params"] for n in found) == [x for x in every if low <= x <= high]


def test_more_than_can_be_held_are_refused() -> None:
    found = run("sample", "sixteen", "-n", "10000001", "--cost-only", "--limit", "params<=1G")
    assert found.code == 2
    assert "10,000,001 networks at once are too many; up to 10,000,000" in found.err


def test_a_sample_repeats_with_its_seed_and_is_what_it_says(written: Any) -> None:
    space = written("widths couple the stages")
    first = as_json("sample", space, "-n", "5", "--seed", "7")
    assert first == as_json("sample", space, "-n", "5", "--seed", "7")
    assert first != as_json("sample", space, "-n", "5", "--seed", "8")
    found = load_space(space)
    for network in first["networks"]:
        spec = found.spec(network["point"])
        assert spec.digest == network["digest"]
        assert designspace.cost(spec).macs == network["macs"]


def test_more_than_there_are_is_all_of_them_once_and_a_note(written: Any) -> None:
    space = written("conditions, one upon the other")
    assert "-n 99,999,999,999 asks for more" in run("sample", space, "-n", "99999999999").out
    found = run("sample", space, "-n", "100")
    assert found.code == 0
    assert "8 of 8 networks are within the limits; -n 100 asks for more" in found.out
    assert len({n["digest"] for n in as_json("sample", space, "-n", "100")["networks"]}) == 8


def test_a_limit_given_takes_the_place_of_the_space_s_own(written: Any) -> None:
    space = written("widths couple the stages", limits=["params<=1M", "mmacs>=1"])
    said = as_json("space", "info", space, "--limit", "macs>=1")
    assert [cut["cost"] for cut in said["cuts"]] == ["macs", "params"]
    assert said["count"] == 24


def test_stratified_samples_spread_along_the_cost(written: Any) -> None:
    space = written("a knob a stage")
    found = as_json("sample", space, "-n", "6", "--stratify", "gmacs")
    macs = sorted(network["macs"] for network in found["networks"])
    low, high = as_json("space", "info", space)["ranges"]["macs"]
    assert len(set(macs)) > 3
    assert macs[0] < low + (high - low) / 3 < high - (high - low) / 3 < macs[-1]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_population_is_a_table_with_its_origin(written: Any, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"pop{suffix}"
    space = written("conditions, one upon the other")
    found = run("sample", space, "-n", "8", "--cost-only", "--out", str(out))
    assert found.code == 0, found.err
    known = {
        (each.params, each.macs, each.acts): each.point
        for each in designspace.space(space).sample(8)
    }
    if suffix == ".csv":
        assert (
            out.read_text().splitlines()[0] == '"kind","kernel","pad","bias","params","macs","acts"'
        )
        return
    table = parquet.read_table(out)
    rows = table.to_pylist()
    assert len(rows) == 8
    for row in rows:
        costs = (row.pop("params"), row.pop("macs"), row.pop("acts"))
        if len(known) == 8:
            assert {name: label for name, label in row.items() if label} == known[costs]
    about = json.loads(table.schema.metadata[b"designspace"])
    assert (about["space"], about["count"], about["seed"]) == ("small", 8, 0)


def test_a_folder_of_specs_loads_again(written: Any, tmp_path: Path) -> None:
    space = written("widths couple the stages")
    out = tmp_path / "specs"
    assert run("sample", space, "-n", "3", "--out", str(out)).code == 0
    files = sorted(out.iterdir())
    digests = [network["digest"] for network in as_json("sample", space, "-n", "3")["networks"]]
    assert [load(file).digest for file in files] == digests
    again = run("sample", space, "-n", "3", "--out", str(out))
    assert again.code == 2
    assert "exists already" in again.err
    assert sorted(out.iterdir()) == files


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "pop.xlsx"], "written as .parquet or .csv"),
        (["--out", "nowhere/pop.csv"], "no such folder"),
        (["--out", "no-such-folder", "--cost-only"], "no specs"),
        (["--out", "/proc/nowhere/specs", "-n", "1"], "cannot be written"),
        (["--out", "/dev/null/specs", "-n", "1"], "cannot be written"),
        (["--seed", "-1"], "greater than or equal to 0"),
        (["-n", "0"], "greater than or equal to 1"),
    ],
)
def test_places_that_cannot_be_written_are_refused_first(
    written: Any, words: list[str], said: str
) -> None:
    found = run("sample", written("a knob a stage"), *words)
    assert found.code == 2
    assert said in found.err
    assert found.err.count("\n") == 1


def test_the_python_contract() -> None:
    space = designspace.space(data(SPACES["widths couple the stages"]))
    assert space.count() == 24
    samples = space.sample(24, seed=1, task=Task(32, 1, 7))
    assert len({sample.spec.digest for sample in samples}) == 24
    first = samples[0]
    costs = designspace.cost(first.spec, 32, in_channels=1, num_classes=7)
    assert (first.params, first.macs, first.acts) == (costs.params, costs.macs, costs.acts)


FIRST = {"path": "downsample_first", "choices": [True, False]}  # which no part has by itself
KERNEL = {"path": "block.spatial.kernel_size.per_stage.0", "choices": [3, 5]}


def uncounted(folder: Path, *limits: str) -> str:
    path = folder / "space.yaml"
    path.write_text(dump_yaml(data({"first": FIRST, "kernel": KERNEL}) | {"limits": [*limits]}))
    return str(path)


def test_what_is_not_counted_is_told_as_seen(tmp_path: Path) -> None:
    path = uncounted(tmp_path, "params>=1")
    said = as_json("space", "info", path)
    assert (said["total"], said["count"], said["within"]) == (None, None, {})
    assert "axis first changes downsample_first" in said["seen"]["reason"]
    assert (said["seen"]["looked"], said["seen"]["networks"], said["seen"]["kept"]) == (2048, 4, 4)
    costs = [network["macs"] for network in as_json("sample", path, "-n", "4")["networks"]]
    assert said["ranges"]["macs"] == said["within_seen"]["macs"] == [min(costs), max(costs)]
    assert [cut["kept"] for cut in said["cuts"]] == [4]
    assert [value["share"] for value in said["values"]["first"]] == [0.5, 0.5]
    table = run("space", "info", path)
    assert table.code == 0
    assert "not counted: axis first" in table.out
    assert f"~{min(costs):,}" in table.out


def test_where_nothing_is_found_it_is_infeasible(tmp_path: Path) -> None:
    path = uncounted(tmp_path, "macs<=1")
    info = run("space", "info", path)
    assert info.code == 0
    assert "0 of them within the limits" in info.out
    found = run("sample", path)
    assert found.code == 3
    assert "no network was found; not counted (axis first" in found.err
    assert found.err.count("\n") == 1


def test_an_idle_axis_says_in_how_many_networks(written: Any) -> None:
    space = written("conditions, one upon the other")
    said = as_json("space", "info", space)
    assert said["idle"]["kind"] == 0
    assert said["idle"]["kernel"] == pytest.approx(2 / 8)
    for name, values in said["values"].items():
        assert sum(v["share"] for v in values) + said["idle"][name] == pytest.approx(1)
    assert "idle 25.0%" in run("space", "info", space).out


def test_three_limits_in_a_large_space_are_seen_and_the_space_is_counted() -> None:
    limits = ["--limit", "mmacs=6+-10%", "--limit", "params<=400k"]
    words = ("space", "info", "joint", *limits, "--num-classes", "10", "--in-channels", "1")
    two = as_json(*words)
    assert two["count"] > 0
    assert set(two["within"]) | set(two["within_seen"]) == {"params", "macs", "acts"}
    three = as_json(*words, "--limit", "acts>=1")
    assert three["total"] == two["total"]
    if three["count"] is None:
        assert three["seen"]["kept"] == three["seen"]["looked"]
        assert three["cuts"][-1]["kept"] == three["total"]
