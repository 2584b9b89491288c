"""`designspace verify --data`: measure published accuracies again, as a table and a record."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from designspace.errors import InputError, StoppedError, VerificationError

if TYPE_CHECKING:
    from designspace.records.measured.accuracy import AccuracyRecord, AccuracyRow

HOME = Path("runs/verify")
_COLUMNS = ("network", "size", "view", "published", "measured", "difference", "images", "verdict")


@dataclass(frozen=True)
class Asked:
    """The values of the command line; see `verification.accuracy.Check`."""

    names: list[str]
    data: str
    weights: Path | None
    tolerance: float
    out: Path | None
    device: str
    skip_broken: bool


def verify_accuracy(asked: Asked, *, as_json: bool) -> None:
    """Measure the weights, show the results, and write the record.

    Raises:
        InputError: Networks, weights or images are missing or do not fit, or the record cannot be
            written.
        VerificationError: A result differs from the published one by more than the tolerance.
        StoppedError: The user interrupted; the record holds the results so far.
    """
    from designspace.cli.input.device import chosen
    from designspace.verification.accuracy import Check, verify_accuracy

    check = Check(
        names=asked.names,
        data=asked.data,
        weights=asked.weights,
        tolerance=asked.tolerance,
        device=chosen(asked.device),
        skip_broken=asked.skip_broken,
        command=("designspace", *sys.argv[1:]),
    )
    kept = _Kept(asked.out, quiet=as_json)
    try:
        record = verify_accuracy(check, kept.keep)
    except KeyboardInterrupt:
        raise StoppedError(f"interrupted; measured so far: {kept.path}") from None
    if as_json:
        from designspace.cli.output.printing import print_json

        print_json({"ok": record.ok, "record": str(kept.path), **record.model_dump(mode="json")})
    else:
        _print(record, kept.path)
    differing = [row for row in record.rows if row.verdict == "differs"]
    if differing:
        raise VerificationError(
            f"{len(differing)} of {len(record.rows)} results differ from the published value "
            f"by more than {record.tolerance:g} points"
        )


class _Kept:
    """The record on disk, written as a whole before the first row and after each."""

    def __init__(self, out: Path | None, *, quiet: bool) -> None:
        self.path, self._quiet = out, quiet
        if out is not None and out.is_dir():
            raise InputError("is a directory; give the name of a JSON file", file=str(out))

    def keep(self, record: AccuracyRecord) -> None:
        from designspace.spec.documents.document import write_text_atomic

        if self.path is None:
            name = re.sub(r"[^A-Za-z0-9._-]+", "-", record.images.name) or "images"
            moment = re.sub(r"[^0-9T]", "", record.created.partition("+")[0])
            self.path = HOME / f"{name}-{moment}.json"
        write_text_atomic(self.path, record.model_dump_json(indent=1) + "\n")
        if record.rows and not self._quiet:
            row = record.rows[-1]
            typer.echo(f"{row.network}: {row.loaded}", err=True)


def _print(record: AccuracyRecord, path: Path | None) -> None:
    from designspace.cli.output.printing import print_table, print_wrapped

    print_table(
        _COLUMNS,
        [_cells(row) for row in record.rows],
        title="accuracy",
        text=("network", "view", "verdict"),
        optional=("images", "size"),
    )
    print_wrapped(_lines(record, path))


def _cells(row: AccuracyRow) -> list[str]:
    how = {"center": "crop", "squash": "warp", "border": "border"}[row.view["crop_mode"]]
    return [
        row.network,
        str(row.resolution),
        f"{how} {row.view['crop_pct']:g}, {row.view['interpolation']}",
        f"{row.published:g}",
        f"{row.score.top1:.2f}",
        f"{row.difference:+.2f}",
        f"{row.score.n:,}",
        row.verdict,
    ]


def _lines(record: AccuracyRecord, path: Path | None) -> list[str]:
    images = record.images
    whole = "ImageNet's whole validation set" if images.full else (
        "not the full validation set: agreement here does not reproduce a published result"
    )  # fmt: skip
    licenses = sorted({f"{row.network}: {row.license}" for row in record.rows if row.license})
    return [
        f"top-1 in percent on {images.name}: {images.n:,} images of {images.classes:,} classes "
        f"({whole})",
        f"tolerance {record.tolerance:g} points; device {record.device.name or record.device.kind}",
        *([f"licenses: {'; '.join(licenses)}"] if licenses else []),
        *(f"left out: {said}" for said in record.left_out),
        f"record: {path}",
    ]
