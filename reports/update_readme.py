"""Writes the measured parts of README.md from the records that they come from.

Run by hand after a new study or benchmark: `python reports/update_readme.py`. A test fails while
README.md and the records disagree.
"""

from __future__ import annotations

import json
import re
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
        "times as long: trial | feeding |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in record["rows"]:
        ours, theirs = (row["seconds"][side] for side in ("ours", "DataLoader"))
        times = row["times_as_long"]
        lines.append(
            f"| {row['network']} | {'yes' if row['rand_augment'] else 'no'} "
            f"| {ours['cpu']['median']:.2f} | {ours['feed_cpu']['median']:.2f} "
            f"| {theirs['cpu']['median']:.2f}; {theirs['feed_cpu']['median']:.2f} "
            f"| {_spread(times['cpu'])} | {_spread(times['feed_cpu'])} |"
        )
    data, environment = record["data"], record["environment"]
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


PARTS = {"demo": demo, "startup": startup, "feasible": feasible, "small_images": small_images}


def updated(text: str) -> str:
    """The README with every measured part written anew."""
    for name, part in PARTS.items():
        pattern = rf"(<!-- measured: {name} -->\n).*?(\n<!-- end -->)"
        assert re.search(pattern, text, re.DOTALL), f"README.md has no part '{name}'"
        text = re.sub(pattern, lambda m, p=part: m[1] + p() + m[2], text, flags=re.DOTALL)
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
