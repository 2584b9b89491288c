"""Writing the report into a study's directory."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from designspace.records.study.study import load_study
from designspace.reporting.drawing import render
from designspace.reporting.drawing.canvas import Canvas
from designspace.reporting.drawing.numbers import count_of
from designspace.reporting.drawing.template import Drawn
from designspace.reporting.study import charts
from designspace.reporting.study.curves import curves
from designspace.reporting.study.export import as_csv, as_json
from designspace.reporting.study.frontier import Frontier, frontier
from designspace.reporting.study.outputs import Outputs
from designspace.reporting.study.page import page
from designspace.reporting.study.summary import Summary, summarize
from designspace.spec.documents.document import write_bytes_atomic


def write(study_dir: Path) -> Outputs:
    """Write page, picture, CSV and JSON of a study; each file is written completely or not at all.

    It may be called at any time, also while the study runs, and as often as needed: the same
    ledger gives the same files.

    Raises:
        InputError: There is no study, its files are not valid, or the files cannot be written.
    """
    summary = summarize(load_study(study_dir))
    data = frontier(summary.rows)
    outputs = Outputs(
        study_dir / "report.html",
        study_dir / "frontier.png",
        study_dir / "summary.csv",
        study_dir / "summary.json",
    )
    pictures = {"frontier": _frontier(data), "curves": _curves(summary)}
    on_floor = any(mark.on_floor for mark in data.marks)
    html = page(summary, pictures, study_dir, on_floor=on_floor)
    write_bytes_atomic(outputs.html, html.encode())
    write_bytes_atomic(outputs.png, render.png(charts.frontier_chart(data, _poster(summary, data))))
    write_bytes_atomic(outputs.csv, as_csv(summary).encode())
    write_bytes_atomic(outputs.json, as_json(summary).encode())
    return outputs


def _frontier(data: Frontier) -> Drawn | None:
    if not data.marks:
        return None
    wide, slim = Canvas(872, 460), Canvas(350, 380)
    return Drawn(*(Markup(render.svg(charts.frontier_chart(data, size))) for size in (wide, slim)))


def _curves(summary: Summary) -> Drawn | None:
    data = curves(summary.rows, summary.meta.scheduler.rungs)
    if not data.rows:
        return None
    wide, slim = Canvas(872, 420), Canvas(350, 340)
    return Drawn(*(Markup(render.svg(charts.curves_chart(data, size))) for size in (wide, slim)))


def _poster(summary: Summary, data: Frontier) -> Canvas:
    """Return the canvas of the standalone picture, with a title and a subtitle in the picture."""
    meta = summary.meta
    title = f"{meta.name}: {count_of(len(summary.rows), 'trial')}"
    task = f"{meta.data.name}, recipe {meta.recipe.name}, one seed per trial"
    words = [task]
    if any(mark.on_floor for mark in data.marks):
        words.append("on the bottom line: score below the scale, or none")
    return Canvas(800, 480, title if summary.complete else f"{title}, not complete", words)
