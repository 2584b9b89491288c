"""Measured speeds as tables: one table per network, one line per timed network and batch size."""

from __future__ import annotations

from itertools import groupby

from designspace.cli.output.printing import PAGE, print_table, print_wrapped
from designspace.records.measured.speed import Against, Speed, SpeedRecord, SpeedRow, Spread

_COLUMNS = ("mode", "whose", "batch", "ms", "p10", "p90", "images/s", "peak MB", "n")
_RATIO = ("ms ratio", "ratio p10", "ratio p90")
_OPTIONAL = ("n", "ratio p90", "ratio p10", "p90", "p10", "peak MB")
_OOM = {"out of memory": "OOM"}


def print_speeds(record: SpeedRecord) -> None:
    """Print every row, and the conditions of the measurement."""
    compared = any(row.against for row in record.rows)
    for _, rows in groupby(record.rows, lambda row: (row.title, row.digest)):
        together = list(rows)
        lines = [line for row in together for line in _lines(row, compared=compared)]
        columns = (*_COLUMNS, *(_RATIO if compared else ()))
        first = together[0]
        title = f"{first.title} at {first.input_size}x{first.input_size}x3"
        print_table(columns, lines, title=title, text=columns[:2], optional=_OPTIONAL)
        print_wrapped(_same(first.against), in_pipe=PAGE)
    print_wrapped([*_conditions(record), *_failures(record)], in_pipe=PAGE)


def _lines(row: SpeedRow, *, compared: bool) -> list[list[str]]:
    batch = str(row.batch_size)
    ours = [row.mode, "ours", batch, *_cells(row.speed, row.failure)]
    if not compared:
        return [ours]
    ratio = row.against.latency_ratio if row.against else None
    lines = [[*ours, *_ratio(ratio)]]
    if row.against:
        theirs = _cells(row.against.speed, row.against.failure)
        lines.append([row.mode, row.against.name.partition(":")[0], batch, *theirs, "", "", ""])
    return lines


def _cells(speed: Speed | None, failure: str | None) -> list[str]:
    if speed is None:
        return [_OOM.get(failure or "", "-"), *("-" for _ in range(5))]
    ms = speed.latency_ms
    times = (_three(ms.median), _three(ms.p10), _three(ms.p90))
    memory = f"{speed.memory_bytes / 1e6:.0f}"
    return [*times, _three(speed.throughput.median), memory, str(ms.n)]


def _ratio(ratio: Spread | None) -> list[str]:
    return [f"{x:.2f}" for x in (ratio.median, ratio.p10, ratio.p90)] if ratio else ["-"] * 3


def _three(value: float) -> str:
    """Format a value with three significant digits, or with all digits before the point."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f}"


def _same(against: Against | None) -> list[str]:
    if against is None:
        return []
    same = f"{against.name}: {against.same.params:,} parameters, the same as ours"
    apart = f"to {against.same.logits:.0e}" if against.same.logits else "exactly"
    return [f"{same}; with the same weights its logits equal ours {apart}"]


def _conditions(record: SpeedRecord) -> list[str]:
    how, where = record.conditions, record.environment
    name = where.get("gpu") or where["cpu"]
    way = "compiled" if how["compiled"] else "eager"
    layout = how["layout"].replace("_", "-")
    loads = [row.load_average for row in record.rows if row.load_average is not None]
    precision = how["precision"]
    if precision == "float32" and how.get("float32_matmul") == "tf32":
        precision = "float32 (products in TF32)"
    busy = f", load {min(loads):.1f} to {max(loads):.1f}" if loads else ""
    said = [
        f"{name}, {how['threads']} {'thread' if how['threads'] == 1 else 'threads'}{busy}; "
        f"{precision}, {layout}, {way}; torch {where['torch']}"
    ]
    said.append(
        "ms: one step, median and spread of n rounds; peak MB: memory held before a step plus "
        "what the step adds"
    )
    if any(row.against for row in record.rows):
        said.append("ms ratio: ours over theirs (below 1: ours is faster), timed in turn")
    return said


def _failures(record: SpeedRecord) -> list[str]:
    """Return every failure in words, each once."""
    found = {
        f"{row.title}, {row.mode}, batch {row.batch_size}, {whose}: {failure}": None
        for row in record.rows
        for whose, failure in (
            ("ours", row.failure),
            (row.against.name if row.against else "", row.against.failure if row.against else None),
        )
        if failure
    }
    return list(found)
