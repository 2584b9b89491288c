"""What a GPU answered to `make gpu`, or that none was asked yet."""

from __future__ import annotations

from typing import Any

from reports.measured.records import ROOT, read

RECORD = "benchmarks/records/gpu.json"
NONE = (
    "**Not yet run on a GPU.** The code for GPUs is tested on a simulated GPU (CPU tensors that "
    "report `cuda:0`). A test fails if a tensor is on the wrong device, if a step waits for the "
    "device, or if there is a large pageable copy or too many kernel launches. `make gpu` runs the "
    "checks on a real GPU."
)


def gpu() -> str:
    """One row per point, with its outcome."""
    if not (ROOT / RECORD).exists():
        return NONE
    return table(read(RECORD))


def table(record: Any) -> str:
    """The points of a record as a table, with the device and versions.

    Raises:
        ValueError: The record is a rehearsal on a CPU, or holds some points alone.
    """
    if record["rehearsal"] or not record["whole"]:
        raise ValueError(f"{RECORD} is not the record of a whole run on a GPU")
    rows = [
        f"| {name} | {one['question']} | {one['outcome']}{_why(one)} |"
        for name, one in record["points"].items()
    ]
    versions = record["environment"]
    where = (
        f"{record['device']}, {record['gpus']} GPU{'s' * (record['gpus'] != 1)}, CUDA "
        f"{record['cuda']}, torch {versions['torch']}, {record['minutes']} minutes: "
        f"`{record['command']}`"
    )
    return "\n".join(["| point | what a pass means | outcome |", "|---|---|---|", *rows, "", where])


def _why(one: Any) -> str:
    return f": {one['why']}" if one.get("why") else ""


PARTS = {
    "gpu": gpu,
}
