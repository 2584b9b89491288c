"""The last lines about a study: its test score, and the command for the winner's network."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from designspace.records.readings import times_read
from designspace.records.study.kept_files import lacks_weights, trial_weights
from designspace.records.study.state import StudyState
from designspace.records.study.study import StudyMeta, load_meta

_EQUAL = "--plugin="


def ending_lines(directory: Path, state: StudyState) -> Iterator[str]:
    """Yield the test score and how to get the winner's network; nothing without a winner."""
    tested = tested_line(state)
    if tested:
        yield tested
    if state.winner is not None:
        yield network_line(directory, state)


def tested_line(state: StudyState) -> str | None:
    """Return the test score with the number of readings; None if the split was not read."""
    count, winner = len(state.readings), state.winner
    if not count or winner is None:
        return None
    if state.tested is not None:
        tested = state.tested
        five = "" if tested.top5 is None else f", top-5 {tested.top5:.2f}%"
        return (
            f"trial {tested.trial}, test top-1 {tested.top1:.2f}%{five} "
            f"({tested.n:,} images, {times_read(count)})"
        )
    last = state.readings[-1]
    before = (
        f"the test split was {times_read(count)}, last for trial {last.trial} "
        f"(top-1 {last.top1:.2f}%)"
    )
    if not state.complete:
        return before
    return f"the winner is now trial {winner.number}, not tested: {before}; --retest reads it again"


def network_line(directory: Path, state: StudyState) -> str:
    """Return the command that writes the winner's network, or why there are no weights to write."""
    winner = state.winner
    assert winner is not None
    if trial_weights(directory, winner.number).is_file():
        return f"network of trial {winner.number}: {build_command(directory, load_meta(directory))}"
    rebuilt = lacks_weights(directory, winner)
    hint = "; the same search again rebuilds them from its checkpoint" if rebuilt else ""
    return f"network of trial {winner.number}: its weights are not in {directory}{hint}"


def build_command(directory: Path | str, meta: StudyMeta) -> str:
    """Return the command that writes the network of a study's winner, quoted for a shell.

    It has the plug-in files of the study, each by the path that the search was given, if known.
    An installed package needs no option.
    """
    words = ["designspace", "build", f"{directory}:winner", "--out", "winner.safetensors"]
    given = {Path(word.removeprefix(_EQUAL)).name: word for word in meta.command}
    for name in meta.plugins:
        if name in given or name.endswith(".py"):
            words += ["--plugin", given.get(name, name).removeprefix(_EQUAL)]
    return shlex.join(words)
