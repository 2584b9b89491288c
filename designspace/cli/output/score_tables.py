"""Scores as tables: one row per network, or for a study one row per column that ranks it."""

from __future__ import annotations

from designspace.cli.output.printing import PAGE, print_table, print_wrapped
from designspace.records.measured.zero_cost import (
    Interval,
    Ranking,
    ScoreRecord,
    ScoreValue,
    StudyScores,
)


def print_networks(found: ScoreRecord) -> None:
    """Print the scores of each network, their deviations below, and the conditions."""
    names = list(found.sources)
    rows = [
        row
        for network in found.networks
        for row in _two_rows(network.network, [network.scores[name] for name in names])
    ]
    print_table(["network", *names], rows)
    reasons = [
        f"{network.network}: {name} is not defined: {value.reason}"
        for network in found.networks
        for name, value in network.scores.items()
        if value.reason
    ]
    print_wrapped([_conditions(found), *reasons], in_pipe=PAGE)


def print_rankings(found: StudyScores) -> None:
    """Print how well each column ranks the trials that were trained to the end."""
    rows = [_row(ranking) for ranking in found.rankings]
    title = f"{found.study}: {found.ranked} trials by validation top-1 after {found.epochs} epochs"
    columns = ["column", "n", "Kendall's tau-b", "Spearman's rho", "tau less params'"]
    print_table(columns, rows, title=title)
    shut_out = len(found.trials) - found.ranked
    unranked = [f"{shut_out} trials were not trained to the end, and are not ranked"]
    reasons = [
        f"{ranking.column}: {ranking.reason}" for ranking in found.rankings if ranking.reason
    ]
    said = (
        "in brackets: 95 % interval from 2,000 bootstrap samples; with one seed per trial, "
        "noise in "
    )
    said += "the top-1 itself keeps every column below 1"
    print_wrapped(
        [_conditions(found.record), said, *(unranked if shut_out else []), *reasons], in_pipe=PAGE
    )


def _row(ranking: Ranking) -> list[str]:
    cells = (ranking.tau, ranking.rho, ranking.over_params)
    return [ranking.column, str(ranking.n), *map(_interval, cells)]


def _interval(found: Interval | None) -> str:
    if found is None:
        return "-"
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _two_rows(network: str, values: list[ScoreValue]) -> list[list[str]]:
    """Return a row of means, and a row of deviations if any score was repeated."""
    rows = [[network, *map(_mean, values)]]
    if any(value.std is not None for value in values):
        rows.append(["", *("" if v.std is None else f"±{v.std:.1g}" for v in values)])
    return rows


def _mean(value: ScoreValue) -> str:
    """Format a mean with four digits; a count in millions; a dash if it is not defined."""
    if value.mean is None:
        return "-"
    if len(value.values) == 1 and value.mean.is_integer():
        return f"{value.mean / 1e6:,.4g}M" if value.mean < 1e9 else f"{value.mean / 1e6:,.0f}M"
    return f"{value.mean:.4g}"


def _conditions(found: ScoreRecord) -> str:
    how = found.conditions
    return (
        f"{how['batch_size']} images of {how['data']['name']}, seed {how['seed']}, mean and "
        f"deviation of {how['repeats']} repeats with new weights and images; higher is meant to "
        "be better for every score; scores do not replace training"
    )
