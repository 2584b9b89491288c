"""One network's cost: how long it takes, how near the memory is, how fast it runs."""

from __future__ import annotations

from designspace.costing import memory as estimate
from designspace.spec import load
from reports.measured.records import machine, read


def costing() -> str:
    """How long an unseen network takes, beside what other counters need."""
    record = read("benchmarks/records/costing.json")
    rows = record["milliseconds"]
    names = {
        "load and cost": "**ours: plain data to costs**",
        "cost": "of that, the cost alone",
        "cost again": "the cost of the same network again",
        "timm's module": "timm: the module alone",
        "torch on meta": "torch's counter, module on the meta device",
        "fvcore": "fvcore's counter, module on the CPU",
    }
    lines = [
        "| a new ConvNeXt-like network | median ms | 5 % to 95 % | n |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {said} | {rows[name]['median_ms']:,.2f} | "
        f"{rows[name]['p05_ms']:,.2f} to {rows[name]['p95_ms']:,.2f} | {rows[name]['n']:,} |"
        for name, said in names.items()
    ]
    return "\n".join([*lines, "", f"({machine(record)}; `{record['command']}`)"])


def memory() -> str:
    """How far the estimate of memory is from what torch holds."""
    record = read("benchmarks/records/memory.json")
    most = record["largest_deviation_percent"]
    networks = len({row["network"] for row in record["rows"]})
    sizes = " and ".join(str(size) for size in sorted({r["batch_size"] for r in record["rows"]}))
    exact = sum(abs(row["peak_float32"]["percent"]) < 1 for row in record["rows"])
    return (
        f"The estimate was compared with the tensors of torch (fake tensors, without an allocator; "
        f"{networks} networks at batch {sizes}). Kept activations differ by at most "
        f"{abs(most['activations_float32']):.3f} % in float32 and "
        f"{abs(most['activations_bf16']):.3f} % in mixed precision. The peak of a whole float32 "
        f"step differs by less than 1 % in {exact} of {record['n']} cases, and by "
        f"{most['peak_float32']:+.1f} % in the worst case (`{record['command']}`). "
        f"{_measured_memory()}"
        f"({machine(record)})"
    )


def _measured_memory() -> str:
    """The estimate beside what real steps allocated."""
    record = read("benchmarks/records/bench_train.json")
    said = [
        f"{row['network']} "
        f"{100 * (held / row['speed']['memory_bytes'] - 1):+.1f} % of "
        f"{row['speed']['memory_bytes'] / 2**20:,.0f} MiB"
        for row in record["rows"]
        for held in [estimate(load(row["network"]), batch_size=row["batch_size"]).peak]
    ]
    size = record["rows"][0]["batch_size"]
    return (
        f"The difference from the allocations of real float32 steps on a CPU, at batch {size}, is: "
        f"{', '.join(said)} (`{record['command']}`). "
    )


def bench() -> str:
    """ConvNeXt-T's speed beside timm's."""
    record = read("benchmarks/records/bench_convnext_t.json")
    conditions = record["conditions"]
    lines = [
        "| mode | batch | ms (10 % to 90 %) | timm ms | timm / ours (10 % to 90 %) "
        "| MiB | timm MiB | n |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        ours, theirs = row["speed"], row["against"]["speed"]
        own, ratio = ours["latency_ms"], row["against"]["throughput_ratio"]
        lines.append(
            f"| {row['mode']} | {row['batch_size']} | {own['median']:,.0f} "
            f"({own['p10']:,.0f} to {own['p90']:,.0f}) | {theirs['latency_ms']['median']:,.0f} | "
            f"{ratio['median']:.2f} ({ratio['p10']:.2f} to {ratio['p90']:.2f}) | "
            f"{ours['memory_bytes'] / 2**20:,.0f} | {theirs['memory_bytes'] / 2**20:,.0f} | "
            f"{len(own['samples'])} |"
        )
    load = " and ".join(f"{row['load_average']:.1f}" for row in record["rows"])
    note = (
        f"({conditions['device']}, {conditions['precision']}, {conditions['layout']}, eager, "
        f"{conditions['threads']} thread, {machine(record)}, "
        f"load average {load}, so the machine was busy; `{record['command']}`)"
    )
    return "\n".join([*lines, "", note])


PARTS = {
    "costing": costing,
    "memory": memory,
    "bench": bench,
}
