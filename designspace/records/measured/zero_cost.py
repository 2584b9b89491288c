"""Zero-cost scores as they were measured: of a network, and of all trials of a study."""

from __future__ import annotations

import statistics
from typing import Any

from designspace.records.record_model import RecordModel

TABLE = "zero_cost.csv"
RECORD = "zero_cost.json"


class ScoreValue(RecordModel):
    """One score of one network.

    Attributes:
        values: One a repeat, in their order; a score that no draw touches has a single one.
        reason: Why it is not defined for this network; None where it is.
    """

    values: tuple[float, ...] = ()
    reason: str | None = None

    @property
    def mean(self) -> float | None:
        """Over the repeats; None where the score is not defined."""
        return None if self.reason else statistics.fmean(self.values)

    @property
    def std(self) -> float | None:
        """Sample deviation over the repeats; None where there are fewer than two."""
        return statistics.stdev(self.values) if not self.reason and len(self.values) > 1 else None


class NetworkScores(RecordModel):
    """All scores of one network.

    Attributes:
        network: What it was called.
        digest: Identity of its architecture.
        input_size: Side of the image in pixels.
        seconds: What it took to measure them.
        scores: By name, in the order asked for.
    """

    network: str
    digest: str
    input_size: int
    seconds: float
    scores: dict[str, ScoreValue]


class ScoreRecord(RecordModel):
    """What one command measured, and where.

    Attributes:
        command: What was called.
        conditions: Data, batch, seeds, repeats, first weights, device.
        environment: Versions and machine.
        sources: Of each score, the paper.
        networks: One each.
    """

    format: int = 1
    command: str
    conditions: dict[str, Any]
    environment: dict[str, Any]
    sources: dict[str, str]
    networks: tuple[NetworkScores, ...]


class Interval(RecordModel):
    """A number with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Ranking(RecordModel):
    """How a column orders the trials, against their validation top-1 after the last epoch.

    Attributes:
        column: A score, or `epoch k`: the validation top-1 after k epochs.
        n: Trials that have both numbers.
        tau: Kendall's tau-b.
        rho: Spearman's.
        over_params: The same tau less that of params over the same trials, resampled together.
        reason: Why there are no numbers; None where there are.
    """

    column: str
    n: int
    tau: Interval | None = None
    rho: Interval | None = None
    over_params: Interval | None = None
    reason: str | None = None


class TrialScores(RecordModel):
    """A trial with its scores and its training.

    Attributes:
        trial: Its number.
        state: How it ended.
        params: Learnable parameters.
        macs: Multiply-adds of one image.
        curve: Validation top-1 in percent after each epoch; None where it diverged.
        measured: Its scores.
    """

    trial: int
    state: str
    params: int
    macs: int
    curve: tuple[float | None, ...]
    measured: NetworkScores


class StudyScores(RecordModel):
    """The scores of a study's trials, and how each ranks those that were trained to the end.

    Attributes:
        study: What it is called.
        ranked: Trials that were trained to the end, and so are ranked.
        epochs: Of the whole training.
        record: How the scores were measured; its networks stand in `trials`.
        trials: By number.
        rankings: The scores in their order, then the first epochs.
    """

    study: str
    ranked: int
    epochs: int
    record: ScoreRecord
    trials: tuple[TrialScores, ...]
    rankings: tuple[Ranking, ...]
