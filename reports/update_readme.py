"""Writes the measured parts of README.md from the records that they come from.

Run by hand after a new study or benchmark: `python reports/update_readme.py`. A test fails while
README.md and the records disagree.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def read(path: str) -> Any:
    """A JSON record of the checkout."""
    return json.loads((ROOT / path).read_text())


def demo() -> str:
    """The headline of the checked-in study."""
    study, timing = read("reports/micro/summary.json"), read("reports/micro/timing.json")
    trials = {trial["number"]: trial for trial in study["trials"]}
    winner, base, test = trials[study["winner"]], trials[0], study["test"]
    stopped = sum(trial["state"] == "stopped" for trial in study["trials"])
    environment = study["study"]["environment"]
    error = study["validation_standard_error"]
    gain = winner["top1"] - base["top1"]
    resolved = "more than" if abs(gain) > 2 * 2**0.5 * error else "not more than"
    return (
        f"{len(trials)} networks from {study['study']['space']['name']}, {stopped} of them stopped "
        f"early: the best reaches {winner['top1']:.1f} % validation top-1 "
        f"(±{error:.1f} standard error, one seed) at {winner['macs'] / 1e6:.2f} MMACs, the base "
        f"{base['top1']:.1f} % at {base['macs'] / 1e6:.2f}, which is {resolved} noise apart; the "
        f"winner's test top-1, read once, is "
        f"{test['top1']:.1f} % ({test['n']:,} images). A nearest neighbour on raw pixels gets "
        f"78.3 %. Measured on {environment['cpus']} CPU cores with torch {environment['torch']}: "
        f"`{timing['command']}` took {timing['setup_and_report_s']} s for set-up and report and "
        f"{timing['job_s']} s for the search ({timing['conditions']}; single run). "
        "The record is in `reports/micro/`."
    )


def startup() -> str:
    """The table of start-up times."""
    record = read("benchmarks/records/startup.json")
    lines = ["| command | median s | min to max |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {row['median_s']:.2f} | {row['min_s']:.2f} to {row['max_s']:.2f} |"
        for name, row in record["seconds"].items()
    ]
    environment = record["environment"]
    note = (
        f"n = {record['n']}, in turn, {environment['cpus']} cores, Python {environment['python']}"
    )
    return "\n".join([*lines, "", f"({note}; `{record['command']}`)"])


def feasible() -> str:
    """Drawing under a budget: our steps, and the table beside other tools."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.feasible.table import steps, table

    record = read("benchmarks/records/feasible.json")
    return f"{steps(record)}\n\n{table(record)}"


def small_images() -> str:
    """What batches of small images cost, beside a DataLoader's."""
    record = read("benchmarks/records/small_images.json")
    lines = [
        "| network | RandAugment | trial, CPU s | feeding, CPU s | the same fed by a DataLoader | "
        "times as long: trial | by the clock | feeding |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        ours, theirs = (row["seconds"][side] for side in ("ours", "DataLoader"))
        times = row["times_as_long"]
        lines.append(
            f"| {row['network']} | {'yes' if row['rand_augment'] else 'no'} "
            f"| {ours['cpu']['median']:.2f} | {ours['feed_cpu']['median']:.2f} "
            f"| {theirs['cpu']['median']:.2f}; {theirs['feed_cpu']['median']:.2f} "
            f"| {_spread(times['cpu'])} | {_spread(times['trial'])} "
            f"| {_spread(times['feed_cpu'])} |"
        )
    data, environment = record["data"], record["environment"]
    shares = [
        100 * row["seconds"]["ours"]["data"]["median"] / row["seconds"]["ours"]["epoch"]["median"]
        for row in record["rows"]
    ]
    lines += [
        "",
        f"Of our epochs the data takes {min(shares):.1f} to {max(shares):.1f} %; nearly all the "
        "rest is the network's forward and backward pass, which is why the whole gains less than "
        "the feeding.",
    ]
    note = (
        f"trials of {record['epochs_a_trial']} epochs of {data['images_an_epoch']:,} images of "
        f"{data['name']}, {record['image_size']} pixels, batches of {record['batch_size']}; "
        f"seconds of CPU time, feeding for one epoch; medians of {record['n']} pairs in turn, and "
        f"their range; {record['threads']} thread, {record['loader_workers']} workers of the "
        f"DataLoader, {environment['cpus']} shared cores (load {record['load_average'][0]:.0f}), "
        f"torch {environment['torch']}"
    )
    return "\n".join([*lines, "", f"({note}; `python benchmarks/small_images.py`)"])


def _spread(values: dict[str, float]) -> str:
    return f"{values['median']:.1f} ({values['min']:.1f} to {values['max']:.1f})"


def costing() -> str:
    """How long an unseen network takes, beside what other counters need."""
    record = read("benchmarks/records/costing.json")
    rows = record["milliseconds"]
    names = {
        "load and cost": "**ours: plain data to costs**",
        "cost": "of that, the costing",
        "cost again": "the same network again",
        "timm's module": "timm: the module alone",
        "torch on meta": "torch's counter, module on the meta device",
        "fvcore": "fvcore's counter, module on the CPU",
    }
    lines = [
        "| an unseen ConvNeXt-like network | median ms | 5 % to 95 % | n |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {said} | {rows[name]['median_ms']:,.2f} | "
        f"{rows[name]['p05_ms']:,.2f} to {rows[name]['p95_ms']:,.2f} | {rows[name]['n']:,} |"
        for name, said in names.items()
    ]
    return "\n".join([*lines, "", f"({_machine(record)}; `{record['command']}`)"])


def memory() -> str:
    """How far the estimate of memory is from what torch holds."""
    record = read("benchmarks/records/memory.json")
    most = record["largest_deviation_percent"]
    networks = len({row["network"] for row in record["rows"]})
    sizes = " and ".join(str(size) for size in sorted({r["batch_size"] for r in record["rows"]}))
    exact = sum(abs(row["peak_float32"]["percent"]) < 1 for row in record["rows"])
    return (
        f"Beside torch's own tensors (fake ones, no allocator; {networks} networks at batch "
        f"{sizes}): kept activations differ by at most {abs(most['activations_float32']):.2f} % in "
        f"float32 and {abs(most['activations_bf16']):.2f} % in mixed precision, the peak of a "
        f"whole float32 step by less than 1 % in {exact} of {record['n']} cases and "
        f"{most['peak_float32']:+.1f} % in the worst (`{record['command']}`). {_measured_memory()}"
        f"({_machine(record)})"
    )


def _measured_memory() -> str:
    """The estimate beside what real steps allocated."""
    sys.path.insert(0, str(ROOT))
    from designspace.costing import memory as estimate
    from designspace.spec import load

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
        f"Beside the allocations of real float32 steps on a CPU, batch {size}: {', '.join(said)} "
        f"(`{record['command']}`). "
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
        f"{conditions['threads']} thread, {_machine(record)}, "
        f"load average {load}: a busy machine; `{record['command']}`)"
    )
    return "\n".join([*lines, "", note])


def regnet() -> str:
    """Ours beside pycls' sweep."""
    record = read("benchmarks/records/regnet.json")
    ours, tool, sampler = record["ours"], record["tool"], record["sampler"]
    return (
        f"On the ranges of pycls' own CIFAR sweep of RegNets (0.12 to 0.13 GMACs), "
        f"`designspace sample` writes {ours['networks']} networks in {ours['cpu_s']:.1f} s of "
        f"CPU time, start to end (median of {len(ours['runs'])}; {record['again']['cpu_s']:.1f} s "
        f"again afterwards), pycls' `tools/sweep_setup.py` {tool['networks']} in "
        f"{tool['cpu_s']:.0f} s. "
        f"Its sampler alone kept {sampler['distinct']} of {sampler['draws']:,} draws in "
        f"{sampler['seconds']:.0f} s; {sampler['equal_costs']} of these {sampler['compared']} cost "
        "here what they cost there, to the unit (pycls adds the classifier's bias to its flops). "
        f"On our grid {record['counted']['feasible']} of {record['counted']['networks']:,} "
        "distinct networks are in the window. "
        f"(pycls {record['pycls'][:7]}, without squeeze-excitation, {_machine(record)}; "
        f"`{record['command']}`)"
    )


def _machine(record: Any) -> str:
    environment = record["environment"]
    return (
        f"{environment['cpus']} shared cores, Python {environment['python']}, "
        f"torch {environment['torch']}"
    )


def population() -> str:
    """The checked-in population: how evenly it covers its space, and what it took."""
    (found,) = read("reports/population/population.json")["populations"]
    timing = read("reports/population/timing.json")
    audits = [axis["audit"] for axis in found["axes"]]
    means = [
        100 * sum(each[key] for each in audits) / len(audits) for key in ("distance", "chance")
    ]
    beyond = sum(each["distance"] > each["high"] for each in audits)
    drawn, shown = timing["steps"][:2]
    return (
        f"{found['networks']:,} of the {found['about']['count']:,} networks of convnext within its "
        f"limits, {found['repeated']} of them repeated. The shares of an axis' labels are "
        f"{means[0]:.3f} % from the exact ones (total variation, mean of {len(audits)} axes; "
        f"{means[1]:.3f} % by chance), {beyond} axis further than 99 of 100 uniform samples. "
        f"{_took(drawn)} to draw and write ({drawn['bytes'] / 1e6:.0f} MB), {_took(shown)} to "
        f"report, on a page of {shown['page_bytes'] / 1e3:.0f} kB ({timing['conditions']}). The "
        "record is in `reports/population/`."
    )


def _took(step: dict[str, Any]) -> str:
    memory = statistics.median(step["memory_kb"]) / 1e6
    return f"{statistics.median(step['cpu_s']):.0f} s of CPU time and {memory:.1f} GB"


PARTS = {
    "demo": demo,
    "startup": startup,
    "costing": costing,
    "memory": memory,
    "bench": bench,
    "feasible": feasible,
    "regnet": regnet,
    "small_images": small_images,
    "population": population,
}


def updated(text: str) -> str:
    """The README with every measured part written anew."""
    for name, part in PARTS.items():
        pattern = rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)"
        assert re.search(pattern, text, re.DOTALL), f"README.md has no part '{name}'"
        text = re.sub(pattern, lambda m, p=part: f"{m[1]}{p()}\n{m[2]}", text, flags=re.DOTALL)
    return text


def main() -> None:
    """Write README.md, or with --check say whether it is as the records have it."""
    path = ROOT / "README.md"
    text = path.read_text()
    if "--check" in sys.argv:
        raise SystemExit(0 if updated(text) == text else "README.md disagrees with its records")
    path.write_text(updated(text))


if __name__ == "__main__":
    main()
