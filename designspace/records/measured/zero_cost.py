"""Records of zero-cost scores: of networks, and of all trials of a study."""

from __future__ import annotations

import statistics
from typing import Any

from designspace.records.record_model import RecordModel

TABLE = "zero_cost.csv"
RECORD = "zero_cost.json"


class ScoreValue(RecordModel):
    """One score of one network.

    Attributes:
        values: One value per repeat, in order; a single one if the score involves no random draw.
        reason: Reason why the score is undefined for this network; None if it is defined.
    """

    values: tuple[float, ...] = ()
    reason: str | None = None

    @property
    def mean(self) -> float | None:
        """Mean over the repeats; None if the score is undefined."""
        return None if self.reason else statistics.fmean(self.values)

    @property
    def std(self) -> float | None:
        """Sample standard deviation over the repeats; None for fewer than two."""
        return statistics.stdev(self.values) if not self.reason and len(self.values) > 1 else None


class NetworkScores(RecordModel):
    """All scores of one network.

    Attributes:
        network: Name of the network, as the command was given it.
        digest: Identity of its architecture.
        input_size: Side of the image in pixels.
        seconds: Time that the measurement took [s].
        scores: Scores by name, in the order asked for.
    """

    network: str
    digest: str
    input_size: int
    seconds: float
    scores: dict[str, ScoreValue]


class ScoreRecord(RecordModel):
    """All scores that one command measured, with the conditions.

    Attributes:
        command: Command line or call.
        conditions: Data, batch, seeds, repeats, initial weights, device.
        environment: Versions and machine.
        sources: Paper of each score.
        networks: Scores of each network.
    """

    format: int = 1
    command: str
    conditions: dict[str, Any]
    environment: dict[str, Any]
    sources: dict[str, str]
    networks: tuple[NetworkScores, ...]


class Interval(RecordModel):
    """A number with both ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Ranking(RecordModel):
    """The agreement of a column with the validation top-1 after the last epoch, over the trials.

    Attributes:
        column: Score, or `epoch k`: the validation top-1 after k epochs.
        n: Number of trials that have both numbers.
        tau: Kendall's tau-b.
        rho: Spearman's rho.
        over_params: The tau minus that of params over the same trials, resampled together.
        reason: Reason why there are no numbers; None if there are.
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
        trial: Number of the trial.
        state: Status of the trial.
        params: Number of learnable parameters.
        macs: Multiply-adds for one image.
        curve: Validation top-1 in percent after each epoch; None if it is not a number.
        measured: Scores of its network.
    """

    trial: int
    state: str
    params: int
    macs: int
    curve: tuple[float | None, ...]
    measured: NetworkScores


class StudyScores(RecordModel):
    """The scores of a study's trials, and their rank correlation with the final top-1.

    Attributes:
        study: Name of the study.
        ranked: Number of trials that were trained to the end, and so are ranked.
        epochs: Epochs of the whole training.
        record: Conditions of the measurement; its networks are in `trials`.
        trials: Trials in the order of their numbers.
        rankings: Rankings by score, in the scores' order, then by the first epochs.
    """

    study: str
    ranked: int
    epochs: int
    record: ScoreRecord
    trials: tuple[TrialScores, ...]
    rankings: tuple[Ranking, ...]
