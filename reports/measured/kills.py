"""What thirty kills left behind."""

from __future__ import annotations

from reports.measured.records import machine, read


def kills() -> str:
    """Totals over drivers, workers and Ray's own processes, killed by several signals."""
    record = read("benchmarks/records/kills.json")
    totals = record["totals"]
    return (
        f"In {totals['kills']} studies, with both executors, a driver, a worker, a raylet or Ray's "
        f"control service was ended by SIGKILL, SIGTERM, SIGHUP or SIGINT. The same "
        f"command then completed {totals['complete studies']} of the studies, with "
        f"{totals['epochs recorded twice']} epochs recorded twice, "
        f"{totals['epochs trained again']} epochs trained again, and "
        f"{totals['tracebacks']} tracebacks. {totals['processes left after 10 s']} of Ray's "
        f"processes were left 10 s after the end of the driver, and "
        f"{totals['left after the next run']} after the next run. "
        f"(n = {record['n']}, {machine(record)}; `{record['command']}`)"
    )


PARTS = {
    "kills": kills,
}
