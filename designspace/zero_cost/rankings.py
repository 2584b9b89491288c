"""Rankings of the trained networks by each column: scores, sizes, and the first epochs.

Each column is compared with the final top-1 by two rank correlations, Kendall's tau-b and
Spearman's rho. For example, scores 1, 3, 2 against top-1 70, 80, 90 order two of the three pairs
alike and one the other way, so tau is (2 - 1) / 3 = 0.33. The advantage in tau over the number of
parameters is reported as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from designspace.records.measured.zero_cost import Interval, Ranking, TrialScores
from designspace.statistics import rank
from designspace.statistics.rank import Estimate

Column = Sequence[float | None]
RIVAL = "params"


def rankings(trials: Sequence[TrialScores], epochs: int) -> tuple[Ranking, ...]:
    """Compare every column with the validation top-1 after the last epoch.

    Args:
        trials: Trials that were trained to the end.
        epochs: Number of epochs of the whole training.
    """
    last = [trial.curve[-1] for trial in trials]
    params: Column = [trial.params for trial in trials]
    return tuple(_ranking(name, column, params, last) for name, column in columns(trials, epochs))


def columns(trials: Sequence[TrialScores], epochs: int) -> Iterator[tuple[str, Column]]:
    """Yield the measured scores, then params and macs, then each epoch except the last."""
    names = dict.fromkeys(name for trial in trials for name in trial.measured.scores)
    for name in names:
        if name not in ("params", "macs"):
            yield name, [trial.measured.scores[name].mean for trial in trials]
    yield "params", [trial.params for trial in trials]
    yield "macs", [trial.macs for trial in trials]
    for epoch in range(1, epochs):
        yield f"epoch {epoch}", [trial.curve[epoch - 1] for trial in trials]


def _ranking(name: str, column: Column, params: Column, last: Column) -> Ranking:
    rows = [row for row in zip(column, params, last, strict=True) if None not in row]
    known = [tuple(float(x) for x in row if x is not None) for row in rows]
    if len(known) < rank.FEWEST:
        reason = f"fewer than {rank.FEWEST} trials have both numbers"
        return Ranking(column=name, n=len(known), reason=reason)
    x, rival, y = (list(values) for values in zip(*known, strict=True))
    tau = rank.correlation(rank.tau_b, x, y)
    if math.isnan(tau.value):
        constant = "top-1" if len(set(y)) == 1 else name
        return Ranking(column=name, n=len(known), reason=f"{constant} is the same for all")
    over = None if name == RIVAL else rank.advantage(rank.tau_b, x, rival, y)
    return Ranking(
        column=name,
        n=len(known),
        tau=_interval(tau),
        rho=_interval(rank.correlation(rank.spearman, x, y)),
        over_params=None if over is None or math.isnan(over.value) else _interval(over),
    )


def _interval(estimate: Estimate) -> Interval:
    return Interval(value=estimate.value, low=estimate.low, high=estimate.high)
