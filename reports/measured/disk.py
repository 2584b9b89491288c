"""What a study takes on disk."""

from __future__ import annotations

from reports.measured.records import machine, read


def disk() -> str:
    """Bytes of a study with all checkpoints kept, and with weights alone."""
    record = read("benchmarks/records/disk.json")
    trials = record["without"]["trials"]
    return (
        f"{sum(trials.values())} small trials ({trials['complete']} complete, "
        f"{trials['stopped']} stopped) "
        f"take {record['after'] / 1e6:.1f} MB. Earlier versions, which kept all checkpoints and no "
        f"weights, took {record['before'] / 1e6:.1f} MB. (n = {record['n']}, {machine(record)}; "
        f"`{record['command']}`)"
    )


PARTS = {
    "disk": disk,
}
