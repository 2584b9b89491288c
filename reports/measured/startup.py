"""How quick the quick verbs are."""

from __future__ import annotations

from reports.measured.records import read


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


PARTS = {
    "startup": startup,
}
