"""Drawing under a budget, beside other tools, and a million at once."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.feasible.table import steps, table
from reports.measured.records import machine, read


def feasible() -> str:
    """Drawing under a budget: our steps, and the table beside other tools."""
    record = read("benchmarks/records/feasible.json")
    return f"{steps(record)}\n\n{table(record)}"


def regnet() -> str:
    """Ours beside pycls' sweep."""
    record = read("benchmarks/records/regnet.json")
    ours, tool, sampler = record["ours"], record["tool"], record["sampler"]
    return (
        f"On the ranges of pycls' own CIFAR sweep of RegNets (0.12 to 0.13 GMACs), "
        f"`designspace sample` writes {ours['networks']} networks in {ours['cpu_s']:.1f} s of CPU "
        f"time, including start-up (median of {len(ours['runs'])}; {record['again']['cpu_s']:.1f} "
        "s when repeated). The script `tools/sweep_setup.py` of pycls writes "
        f"{tool['networks']} in {tool['cpu_s']:.0f} s. Its sampler alone kept "
        f"{sampler['distinct']} of {sampler['draws']:,} draws in {sampler['seconds']:.0f} s. "
        f"For {sampler['equal_costs']} of these {sampler['compared']}, `designspace` and "
        "pycls count exactly the same cost, except that pycls adds the classifier's bias to its "
        "flops. On the grid of `designspace`, "
        f"{record['counted']['feasible']} of {record['counted']['networks']:,} distinct networks "
        "are in this range of GMACs. "
        f"(pycls {record['pycls'][:7]}, without squeeze-excitation, {machine(record)}; "
        f"`{record['command']}`)"
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
        f"The population holds {found['networks']:,} of the {found['about']['count']:,} networks "
        f"of the space `convnext` within its limits; {found['repeated']} of them are repeated. The "
        f"shares of the choices on an axis differ from the exact shares by {means[0]:.3f} % (total "
        f"variation, mean of {len(audits)} axes; {means[1]:.3f} % by chance). On {beyond} axis, "
        "the difference is larger than in 99 of 100 uniform samples. Drawing and writing the "
        f"population took {_took(drawn)} ({drawn['bytes'] / 1e6:.0f} MB on disk); the report took "
        f"{_took(shown)}, and its page has {shown['page_bytes'] / 1e3:.0f} kB "
        f"({timing['conditions']}). The record is in `reports/population/`."
    )


def _took(step: dict[str, Any]) -> str:
    memory = statistics.median(step["memory_kb"]) / 1e6
    return f"{statistics.median(step['cpu_s']):.0f} s of CPU time and {memory:.1f} GB"


PARTS = {
    "feasible": feasible,
    "regnet": regnet,
    "population": population,
}
