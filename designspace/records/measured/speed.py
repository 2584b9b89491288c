"""Measured speed: one `SpeedRow` a network, mode and batch size; a `SpeedRecord` a command."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Literal

from designspace.figures import frame
from designspace.records.record_model import RecordModel

Mode = Literal["infer", "train"]


class Spread(RecordModel):
    """Repeated measurements of one thing.

    Attributes:
        median: Half of them are below.
        p10: A tenth of them are below, interpolated between neighbours.
        p90: A tenth of them are above.
        samples: All of them, in the order in which they were taken.
    """

    median: float
    p10: float
    p90: float
    samples: tuple[float, ...]

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """The spread of at least one measurement."""
        enough = samples if len(samples) > 1 else 2 * tuple(samples)
        p10, *_, p90 = statistics.quantiles(enough, n=10, method="inclusive")
        median = statistics.median(samples)
        return cls(median=median, p10=p10, p90=p90, samples=tuple(samples))

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.samples)


class Speed(RecordModel):
    """How fast one network was, under the conditions of its row.

    Attributes:
        latency_ms: Milliseconds of one step, synchronised before and after.
        throughput: Images a second. On CUDA over several steps in a row that are synchronised only
            at their end; elsewhere from the very steps of `latency_ms`.
        first_step_s: Seconds of the very first step, which compiles where that is asked for.
        memory_bytes: What the network holds between steps (weights, buffers, optimizer state,
            images) and the most that one step adds to it; the record says how it was measured.
    """

    latency_ms: Spread
    throughput: Spread
    first_step_s: float
    memory_bytes: int


class Same(RecordModel):
    """How it is known that two networks are one architecture.

    Attributes:
        params: Learnable parameters of both.
        logits: Largest difference of their logits as a share of the largest logit, in float32, with
            the same random weights in both.
    """

    params: int
    logits: float


class Against(RecordModel):
    """The other network, timed in turn with ours.

    Attributes:
        name: What it is called there.
        same: How it is known to be the same architecture.
        speed: How fast it was; None where it failed.
        failure: Why it has no speed.
        latency_ratio: Our latency over theirs: its median is that of the medians, its spread that
            of the rounds. Below 1 ours is quicker. None where either failed.
        throughput_ratio: Our throughput over theirs, likewise; above 1 ours is quicker.
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
        network: The spec as it was named.
        changes: What was changed in it, values by dotted path.
        digest: Identity of its architecture.
        params: Learnable parameters.
        macs: Multiply-adds of one image.
        acts: Activations of one image.
        input_size: Side of the image in pixels.
        num_classes: Number of classes; None in records of earlier versions, which say it once.
        in_channels: Channels of the image; None in records of earlier versions, where it is 3.
        mode: `infer` or `train`.
        batch_size: Images a step.
        speed: How fast it was; None where it failed.
        failure: Why it has no speed, such as memory that did not suffice.
        against: The other network, where there is one.
        load_average: Of the machine over the last minute, when the row was done; None where the
            system does not say.
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
        """The row as plain data, with the medians of what was measured; None where it failed."""
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
    """What one command measured, and where.

    Attributes:
        command: What was called.
        complete: Whether all rows that were asked for are here.
        conditions: Device, precision, layout, threads and the rest that all rows share, and what a
            step is.
        environment: Versions and machine.
        rows: What was measured.
    """

    format: Literal[1] = 1
    command: str
    complete: bool
    conditions: dict[str, Any]
    environment: dict[str, Any]
    rows: tuple[SpeedRow, ...]

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with one row per network, mode and batch size: the medians.

        Raises:
            InputError: pandas is not installed.
        """
        return frame([row.medians for row in self.rows])

    def __repr__(self) -> str:
        rows = "".join(f"\n  {row}" for row in self.rows)
        return f"<SpeedRecord on {self.conditions.get('device', 'unknown')}{rows}>"

    __str__ = __repr__
