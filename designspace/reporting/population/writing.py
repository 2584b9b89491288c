"""Writing the report of populations into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from designspace.errors import InputError
from designspace.reporting.drawing import render
from designspace.reporting.population import charts, words
from designspace.reporting.population.charts import ACROSS, alone, colors
from designspace.reporting.population.export import as_csv, as_json
from designspace.reporting.population.outputs import Outputs
from designspace.reporting.population.page import page, title
from designspace.reporting.population.reading import read
from designspace.reporting.population.summary import Populations, summarize
from designspace.spec.documents.document import write_bytes_atomic

MOST = 6  # populations in one report


def write(files: Sequence[Path], out: Path | None = None) -> Outputs:
    """Write page, pictures, CSV and JSON of populations; each file is written whole or not at all.

    Raises:
        InputError: A file is not a population, there are too many, or the files cannot be written.
    """
    return write_summary(load(files), out or beside(files))


def load(files: Sequence[Path]) -> Populations:
    """Read populations from files and summarize them for the report.

    Raises:
        InputError: A file is not a population, is given twice, or there are too many.
    """
    if len(files) > MOST:
        raise InputError(f"{len(files)} populations; one report takes at most {MOST}")
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise InputError("appears twice among the populations", file=str(twice))
    named = zip(files, names(files), strict=True)
    return summarize([read(file, name) for file, name in named])


def names(files: Sequence[Path]) -> list[str]:
    """Return a name for each file: the shortest form that distinguishes all of them."""
    short = [file.stem for file in files]
    longer = [file.name for file in files]
    with_folder = ["/".join(file.resolve().parts[-2:]) for file in files]
    different = (found for found in (short, longer, with_folder) if len(set(found)) == len(files))
    return next(different, [str(file) for file in files])


def beside(files: Sequence[Path]) -> Path:
    """Return the default folder of a report."""
    first, *others = files
    name = "-vs-".join(file.stem for file in files)
    if len(name) > 100:
        name = f"{first.stem[:80]}-vs-{len(others)}-others"
    return first.with_name(f"{name}.report")


def write_summary(found: Populations, out: Path) -> Outputs:
    """Write the files of a report from its prepared data.

    Raises:
        InputError: `out` is not a folder, or the files cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise InputError("is not a folder", file=str(out), path="--out")
    outputs = Outputs(
        out / "report.html",
        out / "costs.png",
        out / "choices.png",
        out / "population.csv",
        out / "population.json",
    )
    words_ = title(found), _subtitle(found)
    write_bytes_atomic(outputs.html, page(found, _pictures(found)).encode())
    write_bytes_atomic(outputs.costs, render.cells_png(charts.costs_figure(found, *words_)))
    write_bytes_atomic(outputs.choices, render.cells_png(charts.choices_figure(found, *words_)))
    write_bytes_atomic(outputs.csv, as_csv(found).encode())
    write_bytes_atomic(outputs.json, as_json(found).encode())
    return outputs


def _pictures(found: Populations) -> dict[str, list[Markup]]:
    histograms = [charts.histogram(found, cost) for cost in ACROSS]
    densities = [
        charts.density(data, each, found, color)
        for each, color in zip(found.each, colors(len(found.each)), strict=True)
        for data in each.densities
    ]
    return {
        "histograms": [Markup(render.svg(alone(panel))) for panel in histograms],
        "densities": [Markup(render.cells(alone(panel))) for panel in densities],
    }


def _subtitle(found: Populations) -> list[str]:
    """Return the text for a picture that is shown without the page."""
    lines: list[str] = []
    for each in found.each:
        name = f"{each.name}: " if len(found.each) > 1 else ""
        lines.append(f"{name}{words.headline(each)}")
        if each.about and each.about.limits:
            lines[-1] += f" {words.limits(each.about.limits)}."
    return lines
