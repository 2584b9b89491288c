"""The sweep: every network in every mode at every batch size, a row each."""

# Torch leaves some types unknown.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch
from torch import nn

from designspace.bench.counterpart import counterpart_name, make_counterpart, prove_same
from designspace.bench.machine import conditions, load_average, machine, tuned
from designspace.bench.row import Outcome, Task, measure
from designspace.bench.settings import Settings
from designspace.compiler import build
from designspace.compiler.device import device_of
from designspace.costing import CostTable, cost
from designspace.naming import load
from designspace.records.speed import Against, Same, SpeedRecord, SpeedRow, Spread
from designspace.spec.load import Source
from designspace.spec.network import Network

_OURS, _THEIRS = "ours", "theirs"
_SEED = 0


@dataclass(frozen=True)
class _Entry:
    """A network to measure: ours, and the name of its counterpart."""

    title: str
    changes: Mapping[str, Any]
    spec: Network
    table: CostTable
    rival: str | None

    @property
    def size(self) -> int:
        return self.table.input.shape[0]


def bench(
    specs: Source | Sequence[Source],
    settings: Settings | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    against: str | None = None,
    command: str = "designspace.bench.bench",
    on_record: Callable[[SpeedRecord], None] = lambda _: None,
) -> SpeedRecord:
    """Measure how fast networks are.

    Args:
        specs: A network, or several: names, paths, plain data.
        settings: The conditions.
        changes: Values by dotted path to change in each.
        against: `timm`, or `timm:NAME`, to time timm's network of the same architecture in turn.
        command: What to note as the command.
        on_record: Gets all that is measured so far: before a network's first row and
            after each row.

    Raises:
        InputError: A specification or a condition is wrong, or timm has no such network.
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
            networks, same = _prepared(entry, how)
            on_record(record)  # before the time is spent, should there be no place to write it
            for row in _rows(entry, networks, same, how):
                record = record.model_copy(update={"rows": (*record.rows, row)})
                on_record(record)
    record = record.model_copy(update={"complete": True})
    on_record(record)
    return record


def _entry(
    source: Source, changes: Mapping[str, Any], how: Settings, against: str | None
) -> _Entry:
    spec = load(source, changes)
    table = cost(spec, how.input_size, num_classes=how.num_classes)
    rival = counterpart_name(spec, against) if against else None
    return _Entry(_title(source, spec), changes, spec, table, rival)


def _title(source: Source, spec: Network) -> str:
    """A name as it was given; of a file what it calls itself."""
    if isinstance(source, str) and not Path(source).is_file():
        return source
    stem = Path(source).stem if isinstance(source, str | Path) else "network"
    return spec.name or stem


def _prepared(entry: _Entry, how: Settings) -> tuple[dict[str, nn.Module], Same | None]:
    """The networks of an entry, in float32 on the CPU, and how they are known to be the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        ours = build(entry.spec, num_classes=how.num_classes, input_size=entry.size)
        if entry.rival is None:
            return {_OURS: ours}, None
        theirs = make_counterpart(entry.rival, how, entry.size)
        same = prove_same(ours, theirs, entry.rival, entry.size)
        return {_OURS: ours, _THEIRS: theirs}, same


def _rows(
    entry: _Entry, networks: Mapping[str, nn.Module], same: Same | None, how: Settings
) -> Iterator[SpeedRow]:
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
    """The ratio of the medians; its spread and samples are the rounds', paired."""
    paired = Spread.of([a / b for a, b in zip(ours.samples, theirs.samples, strict=True)])
    return paired.model_copy(update={"median": ours.median / theirs.median})
