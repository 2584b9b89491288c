"""`designspace status`: the state of a study, also while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import JsonOption

if TYPE_CHECKING:
    from designspace.records.life_cycle import Status
    from designspace.records.study.state import StudyState


def status(
    study: Annotated[
        Path | None, typer.Argument(help="Directory of the study (default: the latest in runs/).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how many trials are complete, running, stopped and failed, and the best so far."""
    from designspace.cli.output.printing import print_json
    from designspace.cli.report import print_study
    from designspace.comparison.terms import confounded
    from designspace.records.study.study import is_running, latest_study, load_study

    directory = study or latest_study()
    running = is_running(directory)
    found = load_study(directory)
    state = found.state
    if as_json:
        both = {"confounders": confounded(found.meta, state)}
        facts = {"study": str(directory), "running": running}
        print_json({**facts, **state_json(directory, state), **both})
        return
    print_study(directory)
    for line in summary_lines(directory, state, running=running):
        typer.echo(line)
    left = (
        "" if running or state.complete else " (not running; repeat the search command to continue)"
    )
    typer.echo(f"study: {directory}{left}")


def summary_lines(directory: Path, state: StudyState, *, running: bool = False) -> Iterator[str]:
    """Yield the counts, the winner, its test score, and the command that writes its network."""
    from designspace.records.life_cycle import STATUSES
    from designspace.reporting.drawing.numbers import macs_text
    from designspace.reporting.study.ending import ending_lines
    from designspace.reporting.study.rows import changes_against, reference_name, reference_of

    told = Counter(_told(trial.state, running=running) for trial in state.trials.values())
    counts = ", ".join(f"{told[status]} {status}" for status in STATUSES if told[status])
    yield f"{len(state.trials)} of {state.wanted} trials: {counts or 'none yet'}"
    winner = state.winner
    if winner is not None:
        changes = changes_against(winner.point, reference_of(state))
        yield (
            f"best: trial {winner.number}, validation top-1 {winner.top1:.2f}%, "
            f"{macs_text(winner.macs)}, {winner.params:,} params"
        )
        yield f"  against {reference_name(state)}: {', '.join(map(str, changes)) or 'nothing'}"
    if state.recipes:
        yield f"trials differ by recipe as well: {state.recipes} recipes so far"
    yield from ending_lines(directory, state)


def _told(status: Status, *, running: bool) -> Status:
    """Return the status of a trial; a running trial counts as interrupted if its search is dead."""
    return "interrupted" if status == "running" and not running else status


def state_json(directory: Path, state: StudyState) -> dict[str, Any]:
    """Return the totals, the winner and the readings of the test split as plain data."""
    from designspace.records.life_cycle import STATUSES
    from designspace.records.readings import study_readings
    from designspace.records.study.study import load_meta
    from designspace.reporting.study.ending import build_command

    winner = state.winner
    return {
        "wanted": state.wanted,
        "trials": {name: state.count(name) for name in STATUSES},
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
        "test_readings": [one.model_dump(mode="json") for one in study_readings(state)],
        "build": None if winner is None else build_command(directory, load_meta(directory)),
    }
