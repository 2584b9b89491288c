"""`designspace report`: the page, the pictures and the tables of a study or of populations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.input.options import JsonOption

if TYPE_CHECKING:
    from designspace.reporting.study.terminal import Sheet


def report(
    study: Annotated[
        Path | None, typer.Argument(help="Directory of the study (default: the latest in runs/).")
    ] = None,
    population: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A .parquet or .csv file from `designspace sample --out`. Repeat to compare "
            "several.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory for a population's report (default: NAME.report beside the file)."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a study's page, picture and tables, or those of populations, and show them."""
    from designspace.errors import InputError

    if population and study:
        raise InputError("a study or populations, not both", path="--population")
    if population:
        _populations(population, out, as_json=as_json)
    elif out is not None:
        raise InputError(
            "a study's report is always written to the study's directory", path="--out"
        )
    else:
        _study(study, as_json=as_json)


def _study(study: Path | None, *, as_json: bool) -> None:
    from designspace.records.study.study import latest_study, load_study
    from designspace.reporting import write
    from designspace.reporting.study.ending import ending_lines

    directory = study or latest_study()
    outputs = write(directory)
    if as_json:
        _print_file(outputs.json)
        return
    print_study(directory)
    for line in ending_lines(directory, load_study(directory).state):
        typer.echo(line)
    for path in (outputs.png, outputs.csv, outputs.json, outputs.html):
        typer.echo(str(path))


def _populations(files: list[Path], out: Path | None, *, as_json: bool) -> None:
    from designspace.reporting.population.terminal import table
    from designspace.reporting.population.writing import beside, load, write_summary

    found = load(files)
    outputs = write_summary(found, out or beside(files))
    if as_json:
        _print_file(outputs.json)
        return
    print_sheet(table(found))
    for path in (outputs.costs, outputs.choices, outputs.csv, outputs.json, outputs.html):
        typer.echo(str(path))


def _print_file(path: Path) -> None:
    import json

    from designspace.cli.output.printing import print_json

    print_json(json.loads(path.read_text(encoding="utf-8")))


def print_study(directory: Path) -> None:
    """Print the table of trials."""
    from designspace.records.study.study import load_study
    from designspace.reporting.study.summary import summarize
    from designspace.reporting.study.terminal import table

    print_sheet(table(summarize(load_study(directory))))


def print_sheet(sheet: Sheet) -> None:
    """Print a table of the report and the sentence below it."""
    from designspace.cli.output.printing import print_table, print_wrapped

    print_table(
        sheet.columns,
        sheet.rows,
        title=sheet.title,
        text=sheet.text,
        optional=sheet.optional,
        styles=sheet.styles,
    )
    print_wrapped([sheet.caption])
