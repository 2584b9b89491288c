"""`designspace verify`: count networks in three ways, and compare with their known numbers."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.accuracy import Asked, verify_accuracy
from designspace.cli.input.options import NAMES, DeviceOption, JsonOption, SkipBrokenOption, finite
from designspace.errors import InputError, VerificationError

if TYPE_CHECKING:
    from designspace.verification import Verification, Verified

_COLUMNS = ("params", "MACs", "known", "torch", "fvcore", "printed", "verdict")
_LEGEND = (
    "= exactly equal to our closed form, both params and MACs: the known true counts,",
    "torch's FlopCounterMode on the meta device, fvcore's convolutions and matrix products;",
    "printed: how many published numbers equal our rounded counts; - nothing to compare with;",
    "(=) fvcore has no rule for some operation: params only",
)


def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help=f"Ladders, or networks: {NAMES}; by default everything that ships with "
            "designspace.",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="ImageNet's validation set, in folders named by WordNet numbers: measure "
            "published weights and compare top-1 with the published results.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights",
            help="Directory of weights files named after networks, such as convnext_t.pth "
            "(default: timm's weights; for networks that are not named, only those in "
            "its cache).",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            min=0,
            callback=finite,
            help="Largest difference in top-1 points that counts as agreement (with --data).",
        ),
    ] = 0.1,
    out: Annotated[
        Path | None,
        typer.Option(
            help="JSON file for the record of --data (default: runs/verify/DATA-TIME.json)."
        ),
    ] = None,
    device: DeviceOption = "auto",
    skip_broken: SkipBrokenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Count networks three ways and compare with what is published; or measure their accuracy.

    The exit code is 0 if all agree or differ for a known reason, and 1 otherwise.
    """
    if data is not None:
        verify_accuracy(
            Asked(names or [], data, weights, tolerance, out, device, skip_broken), as_json=as_json
        )
        return
    if weights or out or skip_broken or device != "auto":
        raise InputError("--weights, --out, --device and --skip-broken need the images of --data")
    _verify_counts(names or [], as_json=as_json)


def _verify_counts(names: list[str], *, as_json: bool) -> None:
    from designspace.cli.output.printing import print_json
    from designspace.verification import verify as verify_all

    found = verify_all(names, on_row=None if as_json else _progress)
    if as_json:
        print_json({"ok": found.ok, "rows": [_json(row) for row in found.rows]})
    else:
        _print(found)
    failed = sum(row.verdict == "fail" for row in found.rows)
    if failed:
        raise VerificationError(
            f"{failed} of {len(found.rows)} networks differ for no known reason"
        )


def _progress(row: Verified) -> None:
    """Show the name of the network that was just counted, if standard error is a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{row.case.name}")
        sys.stderr.flush()


def _print(found: Verification) -> None:
    from designspace.cli.output.printing import PAGE, print_table, print_wrapped

    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    for ladder, rows in groupby(found.rows, lambda row: row.case.name.rpartition(":")[0]):
        first = "step" if ladder else "network"
        cells, title = [_cells(row) for row in rows], ladder or "networks"
        print_table(
            [first, *_COLUMNS],
            cells,
            title=title,
            text=(first, "verdict"),
            optional=("params", "MACs"),
        )
    print_wrapped([*_LEGEND, *_differences(found), _total(found)], in_pipe=PAGE)


def _cells(row: Verified) -> list[str]:
    ours, expected = row.counts["closed form"], row.case.expected
    agreeing = sum(check.agrees for check in row.printed)
    return [
        row.case.name.rpartition(":")[2],
        f"{ours.params:,}",
        f"{ours.macs:,}",
        _equal(row, expected.params, expected.macs) if expected else "-",
        *(_equal(row, row.counts[n].params, row.counts[n].macs) for n in ("torch", "fvcore")),
        f"{agreeing}/{len(row.printed)}" if row.printed else "-",
        row.verdict,
    ]


def _equal(row: Verified, params: int | None, macs: int | None) -> str:
    """Compare counts with ours: `=` if equal, `≠` if one differs, `(=)` without multiply-adds."""
    ours = row.counts["closed form"]
    if params not in (None, ours.params) or macs not in (None, ours.macs):
        return "≠"
    return "=" if macs is not None else "(=)"


def _differences(found: Verification) -> list[str]:
    said = [(row, "known", text) for row in found.rows for text in row.known]
    said += [(row, "fail", text) for row in found.rows for text in row.failures]
    return [f"- {verdict}: {row.case.name}: {text}" for row, verdict, text in said]


def _total(found: Verification) -> str:
    counts = {v: sum(row.verdict == v for row in found.rows) for v in ("pass", "known", "fail")}
    return (
        f"{counts['pass']} pass, {counts['known']} differ for a known reason, {counts['fail']} fail"
    )


def _json(row: Verified) -> dict[str, Any]:
    expected = row.case.expected
    counts = {name.replace(" ", "_"): count for name, count in row.counts.items()}
    return {
        "name": row.case.name,
        "digest": row.case.network.digest,
        "input_size": row.case.network.input_size,
        "verdict": row.verdict,
        "params": {"expected": expected and expected.params}
        | {name: count.params for name, count in counts.items()},
        "macs": {"expected": expected and expected.macs}
        | {name: count.macs for name, count in counts.items()},
        "printed": [
            {
                "what": check.what,
                "printed": check.printed,
                "counted": check.counted,
                "resolution": check.resolution,
                "source": check.source,
                "agrees": check.agrees,
                "note": check.note,
            }
            for check in row.printed
        ],
        "known": list(row.known),
        "failures": list(row.failures),
    }
