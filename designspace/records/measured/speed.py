"""Records of speed: a `SpeedRow` per network, mode and batch size, a `SpeedRecord` per command."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Literal

from designspace.figures import frame
from designspace.records.record_model import RecordModel

Mode = Literal["infer", "train"]


class Spread(RecordModel):
    """The distribution of repeated measurements of one quantity.

    Attributes:
        median: Median.
        p10: 10th percentile, interpolated between neighbours.
        p90: 90th percentile, likewise.
        samples: All measurements, in the order in which they were taken.
    """

    median: float
    p10: float
    p90: float
    samples: tuple[float, ...]

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """Return the spread of at least one measurement."""
        enough = samples if len(samples) > 1 else 2 * tuple(samples)
        p10, *_, p90 = statistics.quantiles(enough, n=10, method="inclusive")
        median = statistics.median(samples)
        return cls(median=median, p10=p10, p90=p90, samples=tuple(samples))

    @property
    def n(self) -> int:
        """Number of measurements."""
        return len(self.samples)


class Speed(RecordModel):
    """The speed of one network under the conditions of its row.

    Attributes:
        latency_ms: Duration of one step, synchronised before and after [ms].
        throughput: Images per second. On CUDA over several consecutive steps that are synchronised
            only at the end; elsewhere from the same steps as `latency_ms`.
        first_step_s: Duration of the very first step, compilation included if there is one [s].
        memory_bytes: Memory that the network holds between steps (weights, buffers, optimizer
            state, images) plus the peak that one step adds; the record says how it was measured
            [bytes].
    """

    latency_ms: Spread
    throughput: Spread
    first_step_s: float
    memory_bytes: int


class Same(RecordModel):
    """The evidence that two networks have the same architecture.

    Attributes:
        params: Number of learnable parameters of both.
        logits: Largest difference of their logits relative to the largest logit, in float32, with
            the same random weights in both.
    """

    params: int
    logits: float


class Against(RecordModel):
    """The other network, timed alternately with ours.

    Attributes:
        name: Name of the network in its own library.
        same: Evidence that it has the same architecture.
        speed: Speed of the network; None if it failed.
        failure: Reason why it has no speed.
        latency_ratio: Our latency over theirs: the median is the ratio of the medians, the spread
            that of the rounds. Below 1 ours is faster. None if either failed.
        throughput_ratio: Our throughput over theirs, likewise; above 1 ours is faster.
    """

    name: str
    same: Same
    speed: Speed | None
    failure: str | None
    latency_ratio: Spread | None
    throughput_ratio: Spread | None


class SpeedRow(RecordModel):
    """One network in one mode at one batch size.

    Attributes:
        network: Network as the command was given it.
        changes: Changes to its spec, values by dotted path.
        digest: Identity of its architecture.
        params: Number of learnable parameters.
        macs: Multiply-adds for one image.
        acts: Activations for one image.
        input_size: Side of the image in pixels.
        num_classes: Number of classes; None in records of earlier versions, which state it once.
        in_channels: Channels of the image; None in records of earlier versions, where it is 3.
        mode: `infer` or `train`.
        batch_size: Images per step.
        speed: Speed of the network; None if it failed.
        failure: Reason why it has no speed, such as too little memory.
        against: The other network, if there is one.
        load_average: Load average of the machine over the last minute, at the end of the row; None
            if the system does not say.
    """

    network: str
    changes: dict[str, Any]
    digest: str
    params: int
    macs: int
    acts: int
    input_size: int
    num_classes: int | None = None
    in_channels: int | None = None
    mode: Mode
    batch_size: int
    speed: Speed | None
    failure: str | None
    against: Against | None
    load_average: float | None

    def __repr__(self) -> str:
        found, rival = self.speed, self.against and self.against.latency_ratio
        shown = self.failure if found is None else f"{found.latency_ms.median:.2f} ms"
        beside = f", {rival.median:.2f} times {self.against.name}" if self.against and rival else ""
        return f"<SpeedRow {self.title}, {self.mode}, batch {self.batch_size}: {shown}{beside}>"

    __str__ = __repr__

    @property
    def medians(self) -> dict[str, Any]:
        """The row as plain data, with the medians of the measurements; None if the row failed."""
        found = self.speed
        return {
            "network": self.title,
            "mode": self.mode,
            "batch_size": self.batch_size,
            "input_size": self.input_size,
            "params": self.params,
            "macs": self.macs,
            "acts": self.acts,
            "latency_ms": None if found is None else found.latency_ms.median,
            "throughput": None if found is None else found.throughput.median,
            "failure": self.failure,
        }

    @property
    def title(self) -> str:
        """The network and its changes, as they are written on a command line."""
        changed = (f"{path}={value}" for path, value in self.changes.items())
        return " ".join((self.network, *changed))


class SpeedRecord(RecordModel):
    """All rows that one command measured, with the conditions.

    Attributes:
        command: Command line or call.
        complete: Whether all requested rows are here.
        conditions: Device, precision, layout, threads and the other settings that all rows share,
            and the definition of a step.
        environment: Versions and machine.
        rows: Measured rows.
    """

    format: Literal[1] = 1
    command: str
    complete: bool
    conditions: dict[str, Any]
    environment: dict[str, Any]
    rows: tuple[SpeedRow, ...]

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` of medians, with one row per network, mode and batch size.

        Raises:
            InputError: pandas is not installed.
        """
        return frame([row.medians for row in self.rows])

    def __repr__(self) -> str:
        rows = "".join(f"\n  {row}" for row in self.rows)
        return f"<SpeedRecord on {self.conditions.get('device', 'unknown')}{rows}>"

    __str__ = __repr__
