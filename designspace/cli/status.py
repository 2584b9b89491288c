"""`designspace status`: where a study stands, also while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.options import JsonOption

if TYPE_CHECKING:
    from designspace.records.state import StudyState


def status(
    study: Annotated[
        Path | None, typer.Argument(help="A study's directory; the latest in runs/ by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how many trials are done, running, stopped and failed, and the best so far."""
    from designspace.cli.report import print_study
    from designspace.cli.show import print_json
    from designspace.comparison.terms import confounded
    from designspace.records.study import latest_study, load_study

    directory = study or latest_study()
    found = load_study(directory)
    state = found.state
    if as_json:
        both = {"confounders": confounded(found.meta, state)}
        print_json({"study": str(directory), **state_json(state), **both})
        return
    print_study(directory)
    for line in summary_lines(state):
        typer.echo(line)
    typer.echo(f"study: {directory}")


def summary_lines(state: StudyState) -> Iterator[str]:
    """Counts, the winner, its test."""
    from designspace.report.rows import base_of, changes_against

    words = {"running": "interrupted"} if state.action == "interrupted" else {}
    counts = ", ".join(
        f"{state.count(each)} {words.get(each, each)}"
        for each in ("done", "stopped", "failed", "running", "waiting")
        if state.count(each)
    )
    yield f"{len(state.trials)} of {state.wanted} trials: {counts or 'none yet'}"
    winner = state.winner
    if winner is not None:
        changed = ", ".join(str(change) for change in changes_against(winner.point, base_of(state)))
        yield (
            f"best: trial {winner.number}, validation top-1 {winner.top1:.2f}%, "
            f"{winner.macs / 1e6:.2f} MMACs, {winner.params:,} params"
        )
        yield f"  against the base: {changed or 'nothing'}"
    if state.recipes:
        yield f"trials differ by recipe as well: {state.recipes} recipes so far"
    if state.tested is not None:
        tested = state.tested
        five = "" if tested.top5 is None else f", top-5 {tested.top5:.2f}%"
        yield (
            f"trial {tested.trial}, test top-1 {tested.top1:.2f}%{five} "
            f"({tested.n:,} images, read once)"
        )


def state_json(state: StudyState) -> dict[str, Any]:
    """The totals and the winner as plain data."""
    names = ("done", "stopped", "failed", "running", "waiting")
    winner = state.winner
    return {
        "wanted": state.wanted,
        "trials": {name: state.count(name) for name in names},
        "complete": state.complete,
        "recipes": state.recipes or 1,
        "front": [trial.number for trial in state.front],
        "winner": None
        if winner is None
        else {
            "trial": winner.number,
            "top1": winner.top1,
            "macs": winner.macs,
            "params": winner.params,
            "point": winner.point,
            "changes": winner.changes,
            "recipe_changes": winner.recipe_changes,
        },
        "tested": None if state.tested is None else state.tested.model_dump(mode="json"),
    }
