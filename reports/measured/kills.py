"""What thirty kills left behind."""

from __future__ import annotations

from reports.measured.records import machine, read


def kills() -> str:
    """Totals over drivers, workers and Ray's own processes, killed by several signals."""
    record = read("benchmarks/records/kills.json")
    totals = record["totals"]
    return (
        f"{totals['kills']} kills of drivers, workers, raylets and Ray's control service, on both "
        f"executors: {totals['complete studies']} studies completed by the same command, "
        f"{totals['epochs recorded twice']} epochs recorded twice, "
        f"{totals['epochs trained again']} trained again, {totals['tracebacks']} tracebacks. "
        f"10 s after the driver's end {totals['processes left after 10 s']} of Ray's processes "
        f"were left; after the next run {totals['left after the next run']}. "
        f"(n = {record['n']}, {machine(record)}; `{record['command']}`)"
    )


PARTS = {
    "kills": kills,
}
