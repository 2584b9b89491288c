"""`designspace bench`: latency, throughput and memory, with timm's network timed beside ours."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designspace.cli.input.options import (
    NAMES,
    DeviceOption,
    JsonOption,
    SetOption,
    TrainedClassesOption,
    TrainedSizeOption,
    finite,
)
from designspace.errors import InputError, StoppedError

if TYPE_CHECKING:
    from designspace.records.measured.speed import SpeedRecord


def bench(
    specs: Annotated[list[str], typer.Argument(metavar="SPEC...", help=f"Networks, each {NAMES}.")],
    changes: SetOption = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Network to time in turn with ours: timm, or timm:NAME if timm's name is not"
            " known."
        ),
    ] = None,
    mode: Annotated[str, typer.Option(help="infer, train, or infer,train.")] = "infer",
    batch_size: Annotated[
        str, typer.Option(help="Images per step: one number, or several separated by commas.")
    ] = "1,8",
    input_size: TrainedSizeOption = None,
    num_classes: TrainedClassesOption = None,
    device: DeviceOption = "auto",
    precision: Annotated[
        str, typer.Option(help="float32, bfloat16, or on CUDA float16.")
    ] = "float32",
    layout: Annotated[
        str,
        typer.Option(
            help="Memory layout of images and convolution weights: channels-last or contiguous."
        ),
    ] = "channels-last",
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the networks with torch.compile.")
    ] = False,
    rounds: Annotated[
        int, typer.Option(min=1, help="Maximum number of measurements per row.")
    ] = 30,
    seconds: Annotated[
        float,
        typer.Option(
            min=0, callback=finite, help="Time limit per row, after at least three rounds."
        ),
    ] = 20.0,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=4096, help="Number of CPU threads (default: torch's choice)."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for the whole record.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="CSV file for the medians, with timm's column names.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how fast networks are: latency, throughput, memory; one row per batch size."""
    from designspace.spec.documents.changes import parse_set

    given = parse_set(changes or [])
    sizes = _numbers(batch_size)

    from designspace.benchmarking import Settings
    from designspace.benchmarking import bench as measure
    from designspace.cli.input.device import chosen
    from designspace.cli.input.networks import find

    for spec in specs:
        find(spec, changes, quiet=as_json)
    settings = Settings(
        modes=tuple(mode.split(",")),  # pyright: ignore[reportArgumentType] - Settings refuses others
        batch_sizes=sizes,
        input_size=input_size,
        num_classes=num_classes,
        device=chosen(device),
        precision=precision,  # pyright: ignore[reportArgumentType]
        layout=layout.replace("-", "_"),  # pyright: ignore[reportArgumentType]
        compiled=compiled,
        rounds=rounds,
        seconds=seconds,
        threads=threads,
    )
    kept = _Kept(out, csv)
    try:
        measure(
            specs,
            settings,
            changes=given,
            against=against,
            command=shlex.join(["designspace", *sys.argv[1:]]),
            on_record=kept.keep,
        )
    except KeyboardInterrupt:
        raise StoppedError(kept.said()) from None
    finally:
        kept.show(as_json=as_json)


class _Kept:
    """The measurements so far, also in the requested files, which are complete after every row."""

    def __init__(self, out: Path | None, csv: Path | None) -> None:
        self.out, self.csv = out, csv
        self.record: SpeedRecord | None = None

    def keep(self, record: SpeedRecord) -> None:
        from designspace.records.measured.timm_table import timm_csv
        from designspace.spec.documents.document import write_text_atomic

        self.record = record
        if self.out:
            write_text_atomic(self.out, record.model_dump_json(indent=2) + "\n")
        if self.csv:
            write_text_atomic(self.csv, timm_csv(record.rows))
        if record.rows and not record.complete and sys.stderr.isatty():
            row = record.rows[-1]
            sys.stderr.write(f"\r\033[K{row.title} {row.mode} {row.batch_size}\r")

    def show(self, *, as_json: bool) -> None:
        """Show the measurements, also after an interruption."""
        from designspace.cli.output.printing import print_json
        from designspace.cli.output.speed_table import print_speeds

        if self.record is None or not self.record.rows:
            return
        if as_json:
            print_json(self.record.model_dump())
        else:
            print_speeds(self.record)

    def said(self) -> str:
        """Return the message for an interruption."""
        rows = len(self.record.rows) if self.record else 0
        files = " and ".join(str(path) for path in (self.out, self.csv) if path and self.record)
        where = f" in {files}" if files else ""
        return f"interrupted; {rows} {'row is' if rows == 1 else 'rows are'} kept{where}"


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise InputError(
            f"'{text}' is not a list of batch sizes", path="batch_size", hint="for example 1,8,32"
        ) from None
