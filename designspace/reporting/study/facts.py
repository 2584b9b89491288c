"""The text boxes of the page: conditions that all trials share, environment, and open questions."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from designspace.records.facts import DataFacts, RecipeFacts, SpaceFacts
from designspace.records.readings import times_read
from designspace.reporting.drawing.numbers import UNKNOWN, count_of, signed
from designspace.reporting.study.ending import build_command
from designspace.reporting.study.rows import Row
from designspace.reporting.study.summary import Summary
from designspace.statistics.binomial import standard_error

Fact = tuple[str, str]


def headline(summary: Summary) -> str:
    """Describe the study and its result in a sentence or two."""
    meta, winner = summary.meta, summary.winner
    name = meta.recipe.name or UNKNOWN
    own = "each with its own variation of recipe" if summary.recipes else "with the recipe"
    what = "trial" if summary.recipes else "network"
    tried = f"{count_of(len(summary.rows), what)} from the space {meta.space.name}"
    opening = f"{tried} on {meta.data.name or UNKNOWN} {own} {name}, one seed each."
    if winner is None or winner.top1 is None:
        return f"{opening} No trial is complete yet, so there is no result to show."
    return f"{opening} {_result(summary, winner, winner.top1)}"


def _result(summary: Summary, winner: Row, top1: float) -> str:
    digits = summary.percent_decimals
    of = count_of(summary.count("complete"), "complete one")
    best = f"Trial {winner.number} is the best of {of}"
    reference = summary.reference
    if winner.is_base:
        return f"{best}: it is the base itself."
    if reference is None or reference.top1 is None or reference.state != "complete":
        return f"{best}."
    if winner.number == reference.number:
        return f"{best}: it is the network nearest to the base."
    points = f"{signed(top1 - reference.top1, digits)} points of validation top-1"
    macs = signed(100 * (winner.macs / reference.macs - 1), 0)
    return f"{best}: {points} and {macs} % multiply-adds against {summary.reference_name}."


def fairness(summary: Summary) -> list[Fact]:
    """List what all trials shared, what differed, and how the winner was chosen."""
    meta, data = summary.meta, summary.meta.data
    counts = f"{data.train:,} training, {data.val:,} validation, {data.test:,} test"
    scheduler = meta.scheduler
    rungs = ", ".join(map(str, scheduler.rungs))
    stops = f"{scheduler.kind}, eta {scheduler.eta}, rungs at epoch {rungs}"
    return [
        ("recipe", _recipe(summary)),
        ("data", f"{_named(data)}; {counts}"),
        ("seeds", f"1 per trial (study seed {meta.seed}); spread over seeds unknown"),
        ("proposer", meta.proposer),
        ("early stopping", stops if scheduler.rungs else scheduler.kind),
        ("selection", "validation top-1 after the last epoch, among complete trials"),
        ("test split", _test_use(summary)),
        ("space", _named(meta.space)),
    ]


def _recipe(summary: Summary) -> str:
    base = _named(summary.meta.recipe)
    if not summary.recipes:
        return f"{base}; the same for every trial"
    paths = ", ".join(summary.confounders) or "nothing so far"
    return (
        f"NOT the same for every trial: {count_of(summary.recipes, 'recipe')} around {base}; "
        f"complete trials differ in {paths}; a score belongs to a network and its recipe together"
    )


def _named(facts: SpaceFacts | RecipeFacts | DataFacts) -> str:
    name = facts.name or UNKNOWN
    return f"{name} ({facts.digest})" if facts.digest else name


def _test_use(summary: Summary) -> str:
    if not summary.readings:
        return "not read yet; it is read once, for the winner, when the study ends"
    trials = " and ".join(f"for {reading}" for reading in _readings(summary))
    read = f"{times_read(len(summary.readings))}, {trials}"
    if summary.tested is None:
        return f"{read}; not read for the winner"
    error = standard_error(summary.tested.top1, summary.tested.n)
    return f"{read}; {summary.tested.n:,} images, standard error {error:.1f} points"


def _readings(summary: Summary) -> list[str]:
    """Describe each reading of the test split: for which trial, and by which command."""
    by = {"search": "after selection", "eval": "by eval"}
    return [f"trial {one.trial}, {by.get(one.command, one.command)}" for one in summary.readings]


def environment(summary: Summary) -> list[Fact]:
    """List the versions and the machine that the study recorded."""
    return [
        ("executor", summary.meta.executor),
        *((str(key), _flat(value)) for key, value in summary.meta.environment.items()),
    ]


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return ", ".join(f"{key} {_flat(inner)}" for key, inner in pairs.items())
    return UNKNOWN if value is None else str(value)


def command_lines(summary: Summary, directory: Path) -> list[str]:
    """Return the commands that run the study, write this page again and build the winner."""
    place = "/".join(directory.resolve().parts[-2:])
    build = [build_command(place, summary.meta)] if summary.winner else []
    report = shlex.join(["designspace", "report", place])
    return [shlex.join(summary.meta.command), report, *build]


def not_measured(summary: Summary) -> list[str]:
    """List what the page cannot tell."""
    return [
        *_noise_words(summary),
        "Spread over seeds: every network was trained once. A difference between two trials "
        "may come from the seed.",
        "The winner's validation top-1 is the highest of many and so tends to be too high; "
        "its test top-1 does not have this bias.",
        *_stopped_words(summary),
        "Latency and throughput: multiply-adds are no measure of speed on a device.",
        "Other recipes and longer training: the order of networks may change with both.",
        *_recipe_words(summary),
    ]


def _recipe_words(summary: Summary) -> list[str]:
    if not summary.recipes:
        return []
    return [
        "The effect of the network alone: trials differ in network and recipe, and the better of "
        "two trials may owe its lead to its recipe alone."
    ]


def _noise_words(summary: Summary) -> list[str]:
    if summary.noise is None or summary.winner is None:
        return []
    close = len(summary.within_noise)
    near = count_of(close, "other complete trial") if close else "No other complete trial"
    return [
        f"Differences below {summary.noise:.2f} points of top-1 are noise: the binomial standard "
        f"error of the winner's score on {summary.validation_count:,} validation images. {near} "
        f"{'lie' if close > 1 else 'lies'} that close to the winner."
    ]


def _stopped_words(summary: Summary) -> list[str]:
    stopped = summary.count("stopped")
    if not stopped:
        return []
    return [
        f"Where {count_of(stopped, 'stopped trial')} would have ended: shown at the last epoch "
        "before stopping, never in the frontier."
    ]
