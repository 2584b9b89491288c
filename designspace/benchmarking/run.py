"""The sweep: one row per network, mode and batch size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import nn

from designspace.benchmarking.counterpart import counterpart_name, make_counterpart, prove_same
from designspace.benchmarking.machine import conditions, load_average, machine, tuned
from designspace.benchmarking.row import Outcome, Task, measure
from designspace.benchmarking.settings import Settings
from designspace.compiler import build
from designspace.compiler.device import device_of
from designspace.costing import CostTable, cost
from designspace.naming import Named, find_network, task_of
from designspace.records.measured.speed import Against, Same, SpeedRecord, SpeedRow, Spread
from designspace.spec.network.load import Source
from designspace.spec.network.network import Network
from designspace.weights import load_weights

_OURS, _THEIRS = "ours", "theirs"
_SEED = 0


@dataclass(frozen=True)
class _Entry:
    """A network to measure, with the name of its counterpart, its settings and its weights."""

    title: str
    changes: Mapping[str, Any]
    spec: Network
    table: CostTable
    rival: str | None
    how: Settings
    weights: Path | None

    @property
    def size(self) -> int:
        return self.table.input.shape[0]


def bench(
    specs: Source | Named | Sequence[Source | Named],
    settings: Settings | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    against: str | None = None,
    command: str = "designspace.benchmarking.bench",
    on_record: Callable[[SpeedRecord], None] = lambda _: None,
) -> SpeedRecord:
    """Measure the speed of networks.

    Args:
        specs: A network or several: any names (see `designspace.load`), plain data, or networks.
        settings: Conditions of the measurement (default: `Settings()`).
        changes: Values to change in each network, by dotted path.
        against: `timm` or `timm:NAME`, to time timm's network of the same architecture in turn with
            ours.
        command: Command to note in the record.
        on_record: Function that gets the record so far: before the first row of a network, after
            each row, and once it is complete.

    Raises:
        InputError: A specification or a condition is wrong, timm does not have such a network, or
            its network is not the same.
    """
    how = settings or Settings()
    device = device_of(how.device)
    listed = [specs] if isinstance(specs, str) or not isinstance(specs, Sequence) else specs
    entries = [_entry(source, changes or {}, how, against) for source in listed]
    with tuned(how):
        record = SpeedRecord(
            command=command,
            complete=False,
            conditions=conditions(how, device),
            environment=machine(device),
            rows=(),
        )
        for entry in entries:
            networks, same = _prepared(entry)
            on_record(record)  # fail early if the record cannot be written
            for row in _rows(entry, networks, same):
                record = record.model_copy(update={"rows": (*record.rows, row)})
                on_record(record)
    record = record.model_copy(update={"complete": True})
    on_record(record)
    return record


def _entry(
    source: Source | Named, changes: Mapping[str, Any], how: Settings, against: str | None
) -> _Entry:
    named = find_network(source, changes)
    spec = named.spec
    task = task_of(named, how.num_classes, how.in_channels, how.input_size)
    how = how.of(task)
    table = cost(spec, task.input_size, in_channels=how.channels, num_classes=how.classes)
    rival = counterpart_name(spec, against) if against else None
    weights = named.weights if isinstance(named.weights, Path) else None
    return _Entry(_title(named), changes, spec, table, rival, how, weights)


def _title(named: Named) -> str:
    """Return the given name of a catalog, timm or ladder network, else the network's title."""
    return named.name if named.sort in ("catalog", "timm", "ladder step") else named.title


def _prepared(entry: _Entry) -> tuple[dict[str, nn.Module], Same | None]:
    """Build the networks of an entry, in float32 on the CPU, and check that they are the same.

    A trained network has its weights, unless it is timed against timm's: then both have timm's
    initial weights.
    """
    how = entry.how
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        ours = build(
            entry.spec,
            num_classes=how.classes,
            in_channels=how.channels,
            input_size=entry.size,
        )
        if entry.rival is None:
            if entry.weights:
                load_weights(ours, entry.weights, classifier="replace")
            return {_OURS: ours}, None
        theirs = make_counterpart(entry.rival, how, entry.size)
        same = prove_same(ours, theirs, entry.rival, entry.size, how.channels)
        return {_OURS: ours, _THEIRS: theirs}, same


def _rows(
    entry: _Entry, networks: Mapping[str, nn.Module], same: Same | None
) -> Iterator[SpeedRow]:
    how = entry.how
    for mode, batch_size in product(how.modes, how.batch_sizes):
        task = Task(mode, batch_size, entry.size, how, device_of(how.device))
        yield _row(entry, task, same, measure(networks, task))


def _row(entry: _Entry, task: Task, same: Same | None, outcome: Outcome) -> SpeedRow:
    return SpeedRow(
        network=entry.title,
        changes=dict(entry.changes),
        digest=entry.spec.digest,
        params=entry.table.params,
        macs=entry.table.macs,
        acts=entry.table.acts,
        input_size=entry.size,
        num_classes=entry.how.classes,
        in_channels=entry.how.channels,
        mode=task.mode,
        batch_size=task.batch_size,
        speed=outcome.speeds.get(_OURS),
        failure=outcome.failures.get(_OURS),
        against=_against(entry.rival, same, outcome) if entry.rival and same else None,
        load_average=load_average(),
    )


def _against(name: str, same: Same, outcome: Outcome) -> Against:
    ours, theirs = outcome.speeds.get(_OURS), outcome.speeds.get(_THEIRS)
    return Against(
        name=f"timm:{name}",
        same=same,
        speed=theirs,
        failure=outcome.failures.get(_THEIRS),
        latency_ratio=_ratio(ours.latency_ms, theirs.latency_ms) if ours and theirs else None,
        throughput_ratio=_ratio(ours.throughput, theirs.throughput) if ours and theirs else None,
    )


def _ratio(ours: Spread, theirs: Spread) -> Spread:
    """Return the ratio of the medians, with the spread and the samples of the paired rounds."""
    paired = Spread.of([a / b for a, b in zip(ours.samples, theirs.samples, strict=True)])
    return paired.model_copy(update={"median": ours.median / theirs.median})
