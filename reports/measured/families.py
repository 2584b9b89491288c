"""How long a step takes beside timm's, over all families."""

from __future__ import annotations

from typing import Any

from reports.measured.records import machine, read


def families() -> str:
    """One row per network, mode and batch: time and memory over timm's."""
    record = read("benchmarks/records/families_cpu.json")
    lines = [
        "| network | pixels | mode | batch | ms | timm ms | over timm (range) | memory | n |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(row) for row in record["rows"]]
    load = [value for row in record["rows"] for value in row["load"]]
    note = (
        f"ours in channels-last beside the quicker of timm's two layouts, a step each in turn; "
        f"medians of n rounds, and the range of the rounds' ratios; memory is the allocator's "
        f"peak; float32, eager, {record['threads']} threads, {machine(record)}, timm "
        f"{record['environment']['timm']}, load {min(load):.1f} to {max(load):.1f}; "
        f"`{record['command']}`"
    )
    return "\n".join([*lines, "", _above(record["rows"]), "", f"({note})"])


def _line(row: dict[str, Any]) -> str:
    ms, ratio = row["milliseconds"], row["ratio"]
    return (
        f"| {row['network']} | {row['input_size']} | {row['mode']} | {row['batch_size']} "
        f"| {ms['ours']['median']:,.1f} | {ms[row['timms_best']]['median']:,.1f} "
        f"| {ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f}) "
        f"| {row['memory_ratio']:.2f} | {row['n']} |"
    )


def _above(rows: list[dict[str, Any]]) -> str:
    """How many rows are slower or larger than timm's, and which."""
    slower = [_name(row) for row in rows if row["ratio"]["median"] > 1.02]
    larger = [_name(row) for row in rows if row["memory_ratio"] > 1.03]
    said = f"Of {len(rows)} rows, {len(slower)} take more than 1.02 of timm's time"
    said += f" ({'; '.join(slower)})" if slower else ""
    said += f", and {len(larger)} more than 1.03 of its memory"
    return said + (f" ({'; '.join(larger)})." if larger else ".")


def _name(row: dict[str, Any]) -> str:
    mode = f"{row['mode']}, {row['input_size']} pixels, batch {row['batch_size']}"
    return f"{row['network']} {mode}"


PARTS = {"families": families}
