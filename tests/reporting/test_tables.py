"""Tables show every cell whole, at any width, and multiply-adds in a unit that suits them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from designspace.cli.output.layout import Grid, lines
from designspace.records.run import write_record
from designspace.reporting.drawing.numbers import GMACS, MMACS, macs_column, macs_text, macs_unit
from designspace.searching.study import run_study
from tests.helpers import toy
from tests.helpers.command import run
from tests.helpers.trainings import made

NUMBERS = st.one_of(
    st.integers(0, 10**12).map(lambda value: f"{value:,}"),
    st.floats(-1e3, 1e6).map(lambda value: f"{value:.4f}"),
)
WORDS = st.lists(st.text("abc_./é画", min_size=1, max_size=25), max_size=6).map(" ".join)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Tables of a text column or two at either end, numbers between, some columns optional."""
    middle = draw(st.integers(0, 6))
    columns = ["name", *(f"number {place}" for place in range(middle)), "words"]
    kinds = [WORDS, *[NUMBERS] * middle, WORDS]
    rows = draw(st.lists(st.tuples(*kinds), min_size=1, max_size=4))
    optional = draw(st.permutations(columns[1:-1]).map(lambda names: names[: middle // 2]))
    total = draw(st.one_of(st.just(()), st.tuples(*kinds)))
    text = frozenset({0, len(columns) - 1})
    return Grid(columns, rows, text, draw(WORDS), total, optional)


@given(grids(), st.one_of(st.none(), st.integers(20, 200)))
def test_every_cell_is_whole_or_its_column_is_named(grid: Grid, width: int | None) -> None:
    made = [line.text for line in lines(grid, width)]
    said = "\n".join(made)
    note = " ".join(said.partition("left out, as they do not fit")[2].split())
    for row in (*grid.rows, grid.total):
        for name, cell in zip(grid.columns, row, strict=False):
            for word in cell.split():
                assert word in said or name in note
    assert "…" not in said
    if width is None:
        assert not note
    elif not note:  # nothing is lost but where words are wider than the screen
        widest = max(cell_len(word) for line in made for word in line.split()) if said else 0
        assert max(map(cell_len, made)) <= max(width, widest + 40)


@given(grids(), st.integers(20, 200))
@example(Grid(["name", "words"], [("", "")], title="_ _ _ ____画 _________画"), 23)
def test_a_table_fits_unless_a_word_does_not(grid: Grid, width: int) -> None:
    for line in lines(grid, width):
        assert cell_len(line.text) <= width or max(map(cell_len, line.text.split())) > width - 12


@pytest.mark.parametrize(
    ("macs", "said"),
    [(999, "999 MACs"), (99_999_999, "100.00 MMACs"), (10**8, "0.10 GMACs"), (0, "0 MACs")],
)
def test_multiply_adds_with_their_unit(macs: int, said: str) -> None:
    assert macs_text(macs) == said


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=6))
def test_no_column_has_less_than_a_tenth_of_a_giga(values: list[int]) -> None:
    head, cells = macs_column([*values, None])
    for value, cell in zip(values, cells, strict=False):
        is_giga = head == "GMACs" or cell.endswith(" G")
        assert is_giga == (value >= 10**8)
    assert cells[-1] == "-"
    assert macs_unit(values) == (MMACS if min(values) < 10**8 else GMACS)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study that is complete."""
    home = tmp_path_factory.mktemp("tables") / "a-study-with-a-long-name"
    run_study(toy.request(home, trials=3))
    return home


SPACE = """
name: small
base: convnext_proxy
axes:
  kernel: {path: block.spatial.kernel_size, choices: [3, 5, 7]}
  act: {path: act, choices: [gelu, relu]}
"""
COMMANDS = {
    "cost": ["cost", "convnext_proxy"],
    "block": ["cost", "swin_t", "--by", "block"],
    "layer": ["cost", "convnextv2_atto", "--by", "layer"],
    "memory": ["cost", "convnext_t", "--batch-size", "2", "--precision", "bf16"],
    "catalog": ["catalog"],
    "ladder": ["ladder", "resnet50_to_convnext_t"],
    "diff": ["diff", "resnet50", "convnext_t"],
    "space": ["space", "info", "SPACE"],
    "sample": ["sample", "SPACE", "-n", "3"],
    "costs": ["sample", "SPACE", "-n", "3", "--cost-only"],
    "data": ["data"],
    "score": ["score", "convnext_proxy", "--batch-size", "8", "--repeats", "2"],
    "bench": ["bench", "convnext_proxy", "--rounds", "1", "--seconds", "0", "--batch-size", "1"],
    "report": ["report", "STUDY"],
    "status": ["status", "STUDY"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_shortens_a_cell(
    name: str, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = study / "space.yaml"
    space.write_text(SPACE)
    words = [
        word.replace("STUDY", str(study)).replace("SPACE", str(space)) for word in COMMANDS[name]
    ]
    timed = name == "bench"  # its numbers differ from run to run
    monkeypatch.delenv("COLUMNS", raising=False)
    whole = run(*words)
    assert whole.code == 0, whole.err
    assert "…" not in whole.out
    for width in () if name == "score" else (50,) if timed else (30, 40, 50, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        narrow = run(*words)
        assert narrow.code == 0
        assert "…" not in narrow.out
        known = set(whole.out.split())
        for number in re.findall(r"(?<!\S)\d[\d,.]*(?!\S)", narrow.out):
            assert timed or number in known or number == str(width), (number, width)


@pytest.mark.parametrize("width", [30, 50, 80])
def test_long_names_of_runs_stay_apart(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"a-long-name-of-a-network-with-kernel-{size}" for size in (7, 9)]
    for name in names:
        (tmp_path / name).mkdir()
        write_record(tmp_path / name, made(name))
    monkeypatch.setenv("COLUMNS", str(width))
    said = run("compare", tmp_path).out
    assert all(name in said for name in names)
    assert "…" not in said


def test_a_pipe_has_no_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    piped = run("cost", "convnext_t", "--by", "layer").out
    assert "left out" not in piped
    assert "branch.pointwise1" in piped


def test_costs_alone_are_a_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "space.yaml").write_text(SPACE)
    said = run("sample", tmp_path / "space.yaml", "-n", "6", "--cost-only").out
    assert len(said.splitlines()) < 14
    assert "--json" in said


def test_small_networks_are_counted_in_millions_everywhere(study: Path) -> None:
    for words in (["cost", "convnext_proxy"], ["status", study], ["report", study]):
        said = run(*words).out
        assert "MMACs" in said
        assert "GMACs" not in said
    page = (study / "report.html").read_text()
    assert "MMACs (papers: FLOPs)" in page
    assert '"n">GMACs<' not in page
    assert isinstance(json.loads((study / "summary.json").read_text())["trials"][0]["macs"], int)


def test_large_networks_stay_in_billions() -> None:
    said = run("cost", "convnext_t").out
    assert "GMACs" in said
    assert "4.4555" in said
