"""`designspace compare`: compare trainings with the first of them, and list what else differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import JsonOption
from designspace.errors import InputError

if TYPE_CHECKING:
    from designspace.comparison.compare import Comparison, Versus
    from designspace.comparison.groups import Group
    from designspace.comparison.terms import Confounder
    from designspace.records.run import Record

_COLUMNS = (
    "network",
    "seeds",
    "epochs",
    "top-1",
    "±",
    "delta",
    "95 % interval",
    "≠0",
    "test",
)
_LEGEND = (
    "top-1: validation, mean over the seeds; ±: their standard deviation; test: as recorded",
    "interval: Welch's t over the seeds; ≠0: whether it excludes 0",
    "(±x): the images' binomial standard error; with one seed the spread over seeds is unknown",
)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN...",
            help="Directories of single runs or of several; STUDY:TRIAL; STUDY:winner, or "
            "just STUDY.",
        ),
    ],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with code 2 if the trainings are not comparable."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare trainings, and list everything else that differs between them."""
    from designspace.cli.output.printing import print_json
    from designspace.comparison import compare as compare_records

    found = compare_records(*runs)
    if as_json:
        print_json(_json(found))
    else:
        _print(found)
    if strict and not found.comparable:
        paths = ", ".join(dict.fromkeys(each.path for each in found.confounders))
        raise InputError(f"not comparable: {paths}")


def _print(found: Comparison) -> None:
    from designspace.cli.output.printing import print_table, print_wrapped

    title = (
        "" if found.comparable else "NOT COMPARABLE: the trainings differ in more than the network"
    )
    rows = [_cells(found.groups[0], None), *(_cells(row.group, row) for row in found.rows)]
    print_table(
        _COLUMNS,
        rows,
        title=title,
        text=("network", "seeds", "test"),
        optional=("epochs", "seeds", "±"),
    )
    print_wrapped([*_lines(found), *_LEGEND])


def _cells(group: Group, row: Versus | None) -> list[str]:
    return [
        group.label,
        " ".join(map(str, group.seeds)),
        group.epochs,
        _number(group.mean),
        _number(group.std),
        "" if row is None or row.delta is None else f"{row.delta:+.2f}",
        "" if row is None else _interval(row),
        "" if row is None else _verdict(row),
        _tests(group),
    ]


def _tests(group: Group) -> str:
    """Return the test scores, and how often the split was read for them."""
    from designspace.records.readings import times_read

    figures = " ".join(f"{test:.2f}" for test in group.tests)
    counts = group.readings
    if len(set(counts)) < 2:
        return f"{figures} ({times_read(counts[0])})" if counts else ""
    return f"{figures} (read {', '.join(map(str, counts))} times)"


def _interval(row: Versus) -> str:
    if row.interval is not None:
        return f"{row.interval.low:+.2f} {row.interval.high:+.2f}"
    return "" if row.standard_error is None else f"(±{row.standard_error:.2f})"


def _verdict(row: Versus) -> str:
    if row.confounders and row.interval:
        return "confounded"
    return "-" if row.interval is None else "yes" if row.interval.resolved else "no"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _lines(found: Comparison) -> list[str]:
    """Return the lines below the table: confounders, tuned values, failures and omissions."""
    base, said = found.groups[0].label, list[str]()
    for row in found.rows:
        pair = f"{base} | {row.group.label}"
        if row.confounders:
            what = "same network, but these differ:" if row.same_network else "not comparable:"
            said += [f"{pair}: {what} {_words(row.confounders)}"]
        if row.tuned:
            said += [f"{pair}: tuned alike: {_words(row.tuned)}"]
        if row.also:
            said += [f"{pair}: ran elsewhere: {_words(row.also)}"]
    lost = [group for group in found.groups if group.diverged]
    said += [
        f"{g.label}: {g.diverged} of {len(g.records)} diverged, left out of the mean" for g in lost
    ]
    said += [
        f"{record.name} (seed {record.seed}) failed: {_why(record)}"
        for group in found.groups
        for record in group.failed
    ]
    return [*said, *found.left_out]


def _why(record: Record) -> str:
    return getattr(record.outcome, "error", None) or "the record does not say why"


def _words(found: tuple[Confounder, ...]) -> str:
    return "; ".join(map(str, found))


def _json(found: Comparison) -> dict[str, Any]:
    return {
        "comparable": found.comparable,
        "groups": [_group_json(group) for group in found.groups],
        "against_first": [_row_json(row) for row in found.rows],
        "left_out": list(found.left_out),
    }


def _group_json(group: Group) -> dict[str, Any]:
    first = group.records[0]
    return {
        "label": group.label,
        "runs": [record.name for record in group.records],
        "spec": first.spec.digest,
        "recipe": first.recipe.digest,
        "data": first.data.digest,
        "epochs": group.epochs,
        "seeds": list(group.seeds),
        "n": group.n,
        "diverged": group.diverged,
        "failed": len(group.failed),
        "top1": list(group.top1),
        "mean": group.mean,
        "std": group.std,
        "test_top1": list(group.tests),
        "test_readings": list(group.readings),
    }


def _row_json(row: Versus) -> dict[str, Any]:
    from dataclasses import asdict

    interval = row.interval
    return {
        "label": row.group.label,
        "same_network": row.same_network,
        "confounders": [asdict(each) for each in row.confounders],
        "tuned_alike": [asdict(each) for each in row.tuned],
        "ran_elsewhere": [asdict(each) for each in row.also],
        "delta": row.delta,
        "interval": None if interval is None else [interval.low, interval.high],
        "resolved": None if interval is None else interval.resolved,
        "standard_error_of_images": row.standard_error,
    }
