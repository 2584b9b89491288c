"""Writes the measured parts of the READMEs from the records that they come from.

Run by hand after a new study or benchmark: `python reports/update_readme.py`. A test fails while
a README and the records disagree.
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


def estimate(found: dict[str, float] | None) -> str:
    """A number with its interval."""
    return f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})" if found else "-"


def signals() -> str:
    """How cheap signals rank trained networks, in short."""
    record, summary = read("reports/signals/signals.json"), read("reports/signals/summary.json")
    noise, where = summary["noise"], record["record"]["environment"]
    lines = ["| column | Kendall's tau-b | less that of params |", "|---|---|---|"]
    lines += [
        f"| {row['column']} | {estimate(row['tau'])} | {estimate(row['over_params'])} |"
        for row in record["rankings"]
    ]
    seconds = summary["seconds_of_signals"] / len(record["trials"])
    note = (
        f"{record['ranked']} networks drawn at random, {record['epochs']} epochs each on "
        f"{record['record']['conditions']['data']['name']}, one seed; "
        f"{summary['top1']['min']:.1f} to {summary['top1']['max']:.1f} % validation top-1. Of one "
        f"training the noise is ±{noise['std_of_one_training']:.1f} ({noise['networks']} of them "
        f"with 3 seeds), so that a perfect predictor can expect {noise['tau_ceiling']:.2f}. In "
        f"brackets 95 % of 2,000 resamples. All signals of a network in 3 repeats: "
        f"{seconds:.1f} s on one core shared with other work; torch {where['torch']}. The record "
        "is in `reports/signals/`."
    )
    return "\n".join([*lines, "", note])


def signals_in_full() -> str:
    """The same with Spearman's rho, by norm, and with the noise."""
    record, summary = read("reports/signals/signals.json"), read("reports/signals/summary.json")
    groups = summary["within_norm"]
    heads = [f"{norm}, n = {rows[0]['n']}: tau-b | less params'" for norm, rows in groups.items()]
    lines = [
        f"| column | tau-b | Spearman's rho | tau-b less params' | {' | '.join(heads)} |",
        f"|---|---|---|---|{'---|---|' * len(groups)}",
    ]
    for number, row in enumerate(record["rankings"]):
        own = [row["tau"], row["rho"], row["over_params"]]
        own += [rows[number][key] for rows in groups.values() for key in ("tau", "over_params")]
        lines.append(f"| {row['column']} | {' | '.join(map(estimate, own))} |")
    return "\n".join([*lines, "", *signals_noise(summary["noise"]), "", signals_where(record)])


def signals_noise(noise: dict[str, float]) -> list[str]:
    """What the repeated trainings say."""
    within, between = noise["std_of_one_training"], noise["std_of_networks"]
    return [
        f"{noise['networks']} of the networks were trained with 3 seeds ({noise['trainings']} "
        f"trainings): a training's top-1 varies by ±{within:.2f} points (standard deviation within "
        f"a network), all {noise['of']} networks by ±{between:.2f} once that is taken off. The "
        f"reliability of one training is then {noise['reliability_of_one_training']:.2f}: two "
        f"seeds would rank the networks with a tau of {noise['tau_between_two_seeds']:.2f}, and a "
        f"predictor that knew the true top-1 could expect {noise['tau_ceiling']:.2f}."
    ]


def signals_where(record: dict[str, Any]) -> str:
    """Conditions and machine."""
    how, where = record["record"]["conditions"], record["record"]["environment"]
    return (
        f"`{record['record']['command']}`: mini-batches of {how['batch_size']}, seed "
        f"{how['seed']}, {how['repeats']} repeats; {where['cpu']}, {how['threads']} thread, Python "
        f"{where['python']}, torch {where['torch']}, timm {where['timm']}."
    )


PARTS = {
    "demo": demo,
    "startup": startup,
    "feasible": feasible,
    "signals": signals,
    "signals_in_full": signals_in_full,
}
PAGES = ("README.md", "reports/signals/README.md")


def updated(text: str) -> str:
    """A page with each of its measured parts written anew."""
    for name, part in PARTS.items():
        pattern = rf"(<!-- measured: {name} -->\n).*?(\n<!-- end -->)"
        text = re.sub(pattern, lambda m, p=part: m[1] + p() + m[2], text, flags=re.DOTALL)
    return text


def main() -> None:
    """Write the pages, or with --check say whether they are as the records have it."""
    texts = {page: (ROOT / page).read_text() for page in PAGES}
    for name in PARTS:
        shown = any(f"<!-- measured: {name} -->" in text for text in texts.values())
        assert shown, f"no page has the part '{name}'"
    for page, text in texts.items():
        if "--check" not in sys.argv:
            (ROOT / page).write_text(updated(text))
        elif updated(text) != text:
            raise SystemExit(f"{page} disagrees with its records")


if __name__ == "__main__":
    main()
