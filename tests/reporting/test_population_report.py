"""The report of populations: its data, its page, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from designspace.reporting import population
from designspace.reporting.population.choices import choices
from designspace.reporting.population.choices import order as in_order
from designspace.reporting.population.costs import densities, histograms
from designspace.reporting.population.coverage import audit, exact
from designspace.reporting.population.page import page
from designspace.reporting.population.reading import read
from designspace.reporting.population.scales import Scale, scales
from designspace.reporting.population.summary import summarize
from designspace.sampling.population import ABOUT, About
from designspace.sampling.space import load_space
from tests.helpers.command import run

HOSTILE = "</style><img src=x onerror=alert(1)>\"'&{{7*7}}[bold]"


@pytest.fixture(scope="module")
def mixers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 networks of the catalog's `mixers`, which has 146,116 within its limits."""
    file = tmp_path_factory.mktemp("mixers") / "mixers.parquet"
    done = run("sample", "mixers", "-n", "400", "--cost-only", "--out", file, "--seed", "3")
    assert done.code == 0, done.err
    return file


@pytest.fixture(scope="module")
def written(mixers: Path) -> population.Outputs:
    return population.write([mixers])


def table(path: Path, about: About | None = None, **columns: Any) -> Path:
    known: dict[str, Any] = {"act": ["gelu", "relu", "gelu", "gelu"], "params": [1, 2, 3, 4]}
    known |= {"macs": [10, 20, 30, 40], "acts": [5, 5, 5, 5], **columns}
    made = pa.table({name: values for name, values in known.items() if values is not None})
    metadata = {ABOUT: about.model_dump_json().encode()} if about else None
    parquet.write_table(made.replace_schema_metadata(metadata), path)
    return path


def words(*files: Path) -> str:
    """The page without its pictures, which take the time."""
    tables = [read(file, file.stem) for file in files]
    return page(summarize(tables), {"histograms": [], "densities": []})


def test_all_files_stand_beside_the_population(written: population.Outputs, mixers: Path) -> None:
    assert {path.name for path in mixers.parent.iterdir()} == {"mixers.parquet", "mixers.report"}
    names = {path.name for path in (mixers.parent / "mixers.report").iterdir()}
    assert names == {
        "report.html", "costs.png", "choices.png", "population.csv", "population.json",
    }  # fmt: skip
    for picture in (written.costs, written.choices):
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_page_says_what_the_population_is(written: population.Outputs) -> None:
    text = written.html.read_text()
    for said in (
        "400 networks of 146,116 within limits from the space mixers, drawn uniformly",
        "Nothing was trained", "seed 3", "28 x 28 pixels", "designspace sample mixers -n 400",
        load_space("mixers").digest, "Repeated networks: 0 of 400", "designspace 0.1.0",
        "papers: FLOPs",
    ):  # fmt: skip
        assert said in text


def test_the_page_is_small_and_needs_nothing_from_elsewhere(written: population.Outputs) -> None:
    text = written.html.read_text()
    assert len(text) < 400_000
    assert "default-src 'none'; style-src 'unsafe-inline'\"" in text
    assert "<script" not in text
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert set(sources) == {"population.csv", "population.json", "costs.png", "choices.png"}
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.slow
def test_the_same_file_gives_the_same_report(
    written: population.Outputs, mixers: Path, tmp_path: Path
) -> None:
    again = population.write([mixers], tmp_path / "new" / "place")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_csv_and_json_count_what_the_file_holds(written: population.Outputs, mixers: Path) -> None:
    rows = parquet.read_table(mixers).to_pylist()
    (found,) = json.loads(written.json.read_text())["populations"]
    assert found["networks"] == found["distinct"] == len(rows) == 400
    assert found["repeated"] == found["outside_limits"] == 0
    assert found["about"]["command"][:3] == ["designspace", "sample", "mixers"]
    for cost, said in found["costs"].items():
        values = [row[cost] for row in rows]
        assert (said["least"], said["most"]) == (min(values), max(values))
        assert said["median"] == np.median(values)
        assert sum(said["histogram"]["counts"]) == 400
    assert all(sum(map(sum, pair["counts"])) == 400 for pair in found["pairs"])
    for line in csv.DictReader(io.StringIO(written.csv.read_text())):
        own = [row for row in rows if row[line["axis"]] == line["label"]]
        assert int(line["count"]) == len(own)
        assert float(line["share"]) == len(own) / 400
        if own:
            assert float(line["macs_mean"]) == pytest.approx(np.mean([row["macs"] for row in own]))


def test_exact_shares_are_those_of_all_networks(written: population.Outputs) -> None:
    found = load_space("mixers").counted()
    every = found.draw(found.count)
    lines = list(csv.DictReader(io.StringIO(written.csv.read_text())))
    for column, (name, axis) in enumerate(every.axes.items()):
        shares = np.bincount(every.labels[:, column], minlength=len(axis.labels)) / len(every)
        said = [float(line["exact_share"]) for line in lines if line["axis"] == name]
        np.testing.assert_allclose(said, shares, atol=1e-12)


def test_all_networks_are_at_no_distance_and_a_skewed_sample_is_beyond_chance(
    tmp_path: Path,
) -> None:
    file = tmp_path / "all.parquet"
    assert run("sample", "kernel", "-n", "30001", "--cost-only", "--out", file).code == 0
    (every,) = summarize([read(file, "all")]).each
    assert every.n == 30_000
    assert max(each.distance for each in every.audits.values()) == pytest.approx(0, abs=1e-12)
    assert max(each.high for each in every.audits.values()) == 0
    whole = parquet.read_table(file)
    skewed = tmp_path / "skewed.parquet"
    parquet.write_table(whole.take(np.argsort(whole["params"].to_numpy())[:500]), skewed)
    (found,) = summarize([read(skewed, "skewed")]).each
    assert "kernel_size.4" in found.beyond_chance
    assert found.audits["kernel_size.4"].distance > 3 * found.audits["kernel_size.4"].chance


def test_what_chance_gives_is_what_uniform_draws_show() -> None:
    space = load_space("mixers")
    about = About(space="mixers", digest=space.digest, limits=space.limits, task=_task(space),
                  seed=0, version="0")  # fmt: skip
    truth = exact(about)
    assert not isinstance(truth, str)
    found, distances = space.counted(), list[float]()
    for seed in range(30):
        draw = found.draw(500, seed)
        column = list(space.axes).index("mixer.1")
        shares = np.bincount(draw.labels[:, column], minlength=5) / 500
        distances.append(float(np.abs(shares - truth.shares["mixer.1"]).sum() / 2))
    made = choices(_table(found.draw(500)), {n: list(a.labels) for n, a in space.axes.items()})
    said = audit(next(each for each in made if each.axis == "mixer.1"), truth, 500)
    assert said is not None
    error = np.std(distances) / np.sqrt(30)
    assert abs(np.mean(distances) - said.chance) < 4 * error
    assert said.chance < said.high < max(distances) * 2


def _task(space: Any) -> Any:
    return space.feasible().task


def _table(draw: Any) -> Any:
    from designspace.reporting.population.table import Table

    labels = {name: axis.labels for name, axis in draw.axes.items()}
    codes = {name: draw.labels[:, i].astype(np.int32) for i, name in enumerate(draw.axes)}
    costs = {"params": draw.params, "macs": draw.macs, "acts": draw.acts}
    return Table("drawn", Path("drawn.parquet"), None, labels, codes, costs)


def test_repeated_networks_and_those_outside_the_limits_are_counted(tmp_path: Path) -> None:
    about = About.model_validate(
        {
            "space": "mine", "digest": "0", "seed": 0, "version": "0", "task": {},
            "limits": ["macs<=30"],
        }
    )  # fmt: skip
    file = table(tmp_path / "p.parquet", about)
    (found,) = summarize([read(file, "p")]).each
    assert (found.distinct, found.repeated, found.outside) == (2, 2, 1)
    assert found.unaudited == "space mine is not in the catalog"
    assert "Outside the limits: 1" in words(file)
    digests = table(tmp_path / "d.parquet", digest=["a", "b", "c", "a"])
    assert read(digests, "d").distinct == 3


def test_idle_axes_have_none_of_their_labels(tmp_path: Path) -> None:
    file = table(tmp_path / "p.parquet", pad=["0", None, "1", None])
    found = summarize([read(file, "p")])
    pad = next(each for each in found.each[0].choices if each.axis == "pad")
    assert [label.count for label in pad.labels] == [1, 1]
    assert pad.idle == 2
    assert "no effect in 50.0 %" in words(file)


def test_a_csv_says_nothing_of_its_origin_and_the_page_says_so(
    mixers: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mixers.csv"
    assert (
        run("sample", "mixers", "-n", "400", "--seed", "3", "--cost-only", "--out", file).code == 0
    )
    named, silent = read(mixers, "a"), read(file, "b")
    for axis, labels in named.labels.items():
        given = [labels[code] for code in named.codes[axis]]
        assert [silent.labels[axis][code] for code in silent.codes[axis]] == given
    for cost, values in named.costs.items():
        np.testing.assert_array_equal(values, silent.costs[cost])
    text = words(file)
    assert "The file does not say where its networks come from" in text
    assert "the file does not say which space it is from" in text


def test_several_populations_stand_on_common_scales(mixers: Path, tmp_path: Path) -> None:
    other = table(tmp_path / "few.parquet", macs=[5_000_000, 6_000_000, 6_000_000, 8_000_000])
    outputs = population.write([mixers, other], tmp_path / "both")
    first, second = json.loads(outputs.json.read_text())["populations"]
    for cost in ("params", "macs", "acts"):
        edges = [each["costs"][cost]["histogram"]["edges"] for each in (first, second)]
        assert edges[0] == edges[1]
        assert edges[0][0] < min(each["costs"][cost]["least"] for each in (first, second))
    text = outputs.html.read_text()
    assert text.count("<svg ") == 3 + 2 * 3
    assert "mixers and few" in text
    assert "mixer.1" in text


@pytest.mark.parametrize(
    ("known", "own", "order"),
    [
        (["9", "3", "6"], ["3", "9"], ["9", "3", "6"]),
        (["3", "9"], ["10", "4"], ["3", "4", "9", "10"]),
        (["none", "1e-6"], ["1e-5"], ["none", "1e-6", "1e-5"]),
        ([], ["b", "10", "9", "a"], ["9", "10", "a", "b"]),
    ],
)
def test_labels_of_several_spaces_stand_in_one_order(
    tmp_path: Path, known: list[str], own: list[str], order: list[str]
) -> None:
    found = read(table(tmp_path / "p.parquet", act=(own * 4)[:4]), "p")
    assert in_order([found], {"act": known}) == {"act": order}


def test_untrusted_words_stay_words(tmp_path: Path) -> None:
    about = About.model_validate(
        {
            "space": HOSTILE, "purpose": HOSTILE, "digest": HOSTILE, "seed": 0, "task": {},
            "version": HOSTILE, "command": [HOSTILE],
        }
    )  # fmt: skip
    columns: dict[str, Any] = {HOSTILE: [HOSTILE, "a", "b", HOSTILE]}
    file = table(tmp_path / "x.parquet", about, **columns)
    text = population.write([file]).html.read_text()
    assert "<img" not in text
    assert "<script" not in text
    assert text.count("</style>") == 1
    assert "{{7*7}}" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "columns",
    [{}, {"act": None}, {"macs": [7, 7, 7, 7]}, {"params": [0, 0, 0, 10**12]},
     {"act": [3, 5, 3, 5]}],
    ids=["small", "no axis", "one cost alike", "a wide range", "labels are numbers"],
)  # fmt: skip
def test_populations_of_any_shape_are_drawn(tmp_path: Path, columns: dict[str, Any]) -> None:
    outputs = population.write([table(tmp_path / "p.parquet", **columns)])
    (found,) = json.loads(outputs.json.read_text())["populations"]
    assert all(sum(each["histogram"]["counts"]) == 4 for each in found["costs"].values())
    assert outputs.choices.read_bytes().startswith(b"\x89PNG")


def test_one_network_is_a_population(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"act": ["relu"], "params": [3], "macs": [4], "acts": [5]}
    outputs = population.write([table(tmp_path / "p.parquet", **columns)])
    assert "p: 1 network<" in outputs.html.read_text()
    assert outputs.costs.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("least", "most"), [(0, 0), (3, 10), (10, 900), (1, 10**9), (0, 10**9)])
def test_bins_hold_all_whole_numbers_between_least_and_most(least: int, most: int) -> None:
    edges = Scale("macs", least, most).edges(60)
    assert edges[0] < least <= most < edges[-1]
    assert (np.diff(edges) > 0).all()
    assert len(edges) <= 61


def test_a_density_of_no_size_adds_up(mixers: Path) -> None:
    found = read(mixers, "m")
    shared = scales([found])
    for data in densities(found, shared, 12):
        assert sum(map(sum, data.counts)) == len(found)
        marginal = np.array(data.counts).sum(axis=0)
        counts, _ = np.histogram(found.costs[data.across], np.array(data.x))
        np.testing.assert_array_equal(marginal, counts)
        runs = list(data.runs())
        cells = sum(stop - start for _, start, stop, _ in runs)
        assert cells == int((np.array(data.counts) > 0).sum())
        assert max(level for *_, level in runs) == 16
    assert sum(histograms(found, shared)["macs"].counts) == len(found)


def bad(path: Path, name: str) -> list[str]:
    """Files that are no population, by what is wrong with them."""
    whole = table(path / "p.parquet")
    text = b'"act","params","macs","acts"\n"gelu",1,2,3\n'
    contents: dict[str, tuple[str, bytes]] = {
        "not parquet": ("a.parquet", b"hello"),
        "truncated": ("a.parquet", whole.read_bytes()[:-40]),
        "truncated csv": ("a.csv", text + b'"gelu",1,2'),
        "empty file": ("a.csv", b""),
        "no rows": ("a.csv", text.splitlines(keepends=True)[0]),
        "no number": ("a.csv", text + b'"gelu",1,x,3\n'),
        "no cost": ("a.csv", text.replace(b'"macs"', b'"mac"')),
        "negative": ("a.csv", text + b'"gelu",1,-2,3\n'),
        "missing cost": ("a.csv", text + b'"gelu",1,,3\n'),
        "twice": ("a.csv", text.replace(b'"act"', b'"acts"')),
        "other suffix": ("a.xlsx", b""),
    }
    file, content = contents[name]
    (path / file).write_bytes(content)
    return ["--population", str(path / file)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("not parquet", "cannot be read as parquet"),
        ("truncated", "cannot be read as parquet"),
        ("truncated csv", "cannot be read as csv"),
        ("empty file", "cannot be read as csv"),
        ("no rows", "holds no network"),
        ("no number", "cannot be read as csv"),
        ("no cost", "it has no column 'macs'; did you mean 'mac'?"),
        ("negative", "a cost is at least 0; found -2"),
        ("missing cost", "a cell without a value"),
        ("twice", "column 'acts' appears twice"),
        ("other suffix", "ends in .parquet or .csv"),
    ],
)
def test_what_is_no_population_is_one_line(tmp_path: Path, name: str, said: str) -> None:
    found = run("report", *bad(tmp_path, name))
    assert (found.code, found.err.count("\n")) == (2, 1), found.err
    assert said in found.err
    assert not list(tmp_path.glob("*.report"))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"macs": [1.5, 2, 3, 4]}, "macs: a cost is a whole number"),
        ({"act": [0.5, 1.0, 2.0, 3.0]}, "act: not an axis: labels are words, not double"),
    ],
)
def test_columns_of_other_types(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    found = run("report", "--population", table(tmp_path / "p.parquet", **columns))
    assert found.code == 2
    assert said in found.err


def test_a_column_of_names_is_no_axis(tmp_path: Path) -> None:
    costs = dict.fromkeys(("params", "macs", "acts"), [1] * 1200)
    names = [f"net{i}" for i in range(1200)]
    file = table(tmp_path / "p.parquet", act=["a"] * 1200, name=names, **costs)
    found = run("report", "--population", file)
    assert found.code == 2
    assert "name: not an axis: 1,200 different labels" in found.err


def test_a_description_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.parquet"
    made = parquet.read_table(table(file)).replace_schema_metadata({ABOUT: b'{"space": 3}'})
    parquet.write_table(made, file)
    found = run("report", "--population", file)
    assert found.code == 2
    assert "space: its description is not one" in found.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runs/x", "--population", "p.parquet"], "a study or populations, not both"),
        (["--out", "there"], "a study's report is always written to the study's directory"),
        (["--population", "nowhere.parquet"], "nowhere.parquet: no such file"),
        (["--population", "."], "ends in .parquet or .csv"),
        (["--population", "p.parquet"] * 2, "p.parquet: appears twice"),
        (["--population", "p.parquet", "--out", "p.parquet"], "--out: is not a folder"),
        ([w for i in range(7) for w in ("--population", f"{i}.parquet")], "at most 6"),
    ],
)
def test_words_that_do_not_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    table(Path("p.parquet"))
    found = run("report", *words)
    assert (found.code, found.err.count("\n")) == (2, 1), found.err
    assert said in found.err


def test_the_command_shows_a_table_and_the_files_and_json_is_the_file(
    tmp_path: Path,
) -> None:
    out, file = tmp_path / "r", table(tmp_path / "p.parquet")
    shown = run("report", "--population", file, "--out", out)
    assert shown.code == 0, shown.err
    assert str(out / "report.html") in shown.out.replace("\n", "")
    said = run("report", "--population", file, "--out", out, "--json")
    assert json.loads(said.out) == json.loads((out / "population.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_million_networks_of_convnext(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"pop{suffix}"
    made = run("sample", "convnext", "-n", "1000000", "--cost-only", "--out", file)
    assert made.code == 0, made.err
    outputs = population.write([file])
    (found,) = json.loads(outputs.json.read_text())["populations"]
    assert found["networks"] == found["distinct"] == 1_000_000
    assert outputs.html.stat().st_size < 500_000
    if suffix == ".parquet":
        distances = [axis["audit"]["distance"] for axis in found["axes"]]
        chances = [axis["audit"]["chance"] for axis in found["axes"]]
        assert np.mean(distances) < 2 * np.mean(chances)
