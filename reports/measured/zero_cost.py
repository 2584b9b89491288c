"""How zero-cost scores rank trained networks."""

from __future__ import annotations

from typing import Any

from reports.measured.records import read


def estimate(found: dict[str, float] | None) -> str:
    """A number with its interval."""
    return f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})" if found else "-"


def scores() -> str:
    """How zero-cost scores rank trained networks, in short."""
    record, summary = (
        read("reports/zero_cost/zero_cost.json"),
        read("reports/zero_cost/summary.json"),
    )
    noise, where = summary["noise"], record["record"]["environment"]
    lines = ["| column | Kendall's tau-b | minus the tau-b of params |", "|---|---|---|"]
    lines += [
        f"| {row['column']} | {estimate(row['tau'])} | {estimate(row['over_params'])} |"
        for row in record["rankings"]
    ]
    seconds = summary["seconds_of_scores"] / len(record["trials"])
    note = (
        f"{record['ranked']} networks drawn at random, {record['epochs']} epochs each on "
        f"{record['record']['conditions']['data']['name']}, one seed; "
        f"{summary['top1']['min']:.1f} to {summary['top1']['max']:.1f} % validation top-1. The "
        f"noise of one training is ±{noise['std_of_one_training']:.1f} points (from "
        f"{noise['networks']} of the networks with 3 seeds), so a perfect predictor can expect a "
        f"tau-b of {noise['tau_ceiling']:.2f}. The brackets hold 95 % of 2,000 resamples. All "
        f"scores of one network in 3 repeats take {seconds:.1f} s on one core shared with other "
        f"work; torch {where['torch']}. The record is in `reports/zero_cost/`."
    )
    return "\n".join([*lines, "", note])


def scores_in_full() -> str:
    """The same with Spearman's rho, by norm, and with the noise."""
    record, summary = (
        read("reports/zero_cost/zero_cost.json"),
        read("reports/zero_cost/summary.json"),
    )
    groups = summary["within_norm"]
    heads = [f"{norm}, n = {rows[0]['n']}: tau-b | minus params" for norm, rows in groups.items()]
    lines = [
        f"| column | tau-b | Spearman's rho | tau-b minus params | {' | '.join(heads)} |",
        f"|---|---|---|---|{'---|---|' * len(groups)}",
    ]
    for number, row in enumerate(record["rankings"]):
        own = [row["tau"], row["rho"], row["over_params"]]
        own += [rows[number][key] for rows in groups.values() for key in ("tau", "over_params")]
        lines.append(f"| {row['column']} | {' | '.join(map(estimate, own))} |")
    return "\n".join([*lines, "", *scores_noise(summary["noise"]), "", scores_where(record)])


def scores_noise(noise: dict[str, float]) -> list[str]:
    """What the repeated trainings say."""
    within, between = noise["std_of_one_training"], noise["std_of_networks"]
    return [
        f"{noise['networks']} of the networks were trained with 3 seeds ({noise['trainings']} "
        f"trainings): the top-1 of a training varies by ±{within:.2f} points (standard deviation "
        f"within a network), all {noise['of']} networks by ±{between:.2f} after that is subtracted."
        f" The reliability of one training is then {noise['reliability_of_one_training']:.2f}: two "
        f"seeds would rank the networks with a tau of {noise['tau_between_two_seeds']:.2f}, and a "
        f"predictor that knew the true top-1 could expect {noise['tau_ceiling']:.2f}."
    ]


def scores_where(record: dict[str, Any]) -> str:
    """Conditions and machine."""
    how, where = record["record"]["conditions"], record["record"]["environment"]
    return (
        f"`{record['record']['command']}`: mini-batches of {how['batch_size']}, seed "
        f"{how['seed']}, {how['repeats']} repeats; {where['cpu']}, {how['threads']} thread, Python "
        f"{where['python']}, torch {where['torch']}, timm {where['timm']}."
    )


PARTS = {
    "scores": scores,
    "scores_in_full": scores_in_full,
}
