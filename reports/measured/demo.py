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
        f"The record, of {study['study']['created'][:10]}, is in `reports/micro/`; searches since "
        "then draw other networks of the space."
    )


PARTS = {
    "demo": demo,
}
