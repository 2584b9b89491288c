"""The checked-in study."""

from __future__ import annotations

from reports.measured.records import read


def demo() -> str:
    """The headline of the checked-in study."""
    study, timing = read("reports/micro/summary.json"), read("reports/micro/timing.json")
    trials = {trial["number"]: trial for trial in study["trials"]}
    winner, base, test = trials[study["winner"]], trials[0], study["test"]
    stopped = sum(trial["state"] == "stopped" for trial in study["trials"])
    environment = study["study"]["environment"]
    error = study["validation_standard_error"]
    gain = winner["top1"] - base["top1"]
    size = "larger than" if abs(gain) > 2 * 2**0.5 * error else "within"
    return (
        f"The search trained {len(trials)} networks of the space "
        f"`{study['study']['space']['name']}` and stopped {stopped} of them early. The best "
        f"reaches {winner['top1']:.1f} % validation top-1 (±{error:.1f} standard error, one seed) "
        f"at {winner['macs'] / 1e6:.2f} MMACs (million multiply-adds). The base reaches "
        f"{base['top1']:.1f} % at {base['macs'] / 1e6:.2f} MMACs. The difference is {size} the "
        f"noise. The winner's test top-1, read once, is {test['top1']:.1f} % ({test['n']:,} "
        f"images). A nearest neighbour on raw pixels gets 78.3 %. Measured on "
        f"{environment['cpus']} CPU cores with torch {environment['torch']}: "
        f"`{timing['command']}` took {timing['setup_and_report_s']} s for set-up and report and "
        f"{timing['job_s']} s for the search ({timing['conditions']}; single run). "
        f"The record of {study['study']['created'][:10]} is in `reports/micro/`. Searches since "
        "then draw other networks of the space."
    )


PARTS = {
    "demo": demo,
}
