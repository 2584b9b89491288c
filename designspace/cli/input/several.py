"""Several weights files of one network: expand patterns, and print one row per file."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designspace.errors import DesignspaceError, InputError

_COLUMNS = ("weights", "top-1", "top-5", "images", "measured on", "size")


def expanded(names: Sequence[str] | None) -> list[str] | None:
    """Return the files for names and patterns, each once; None for no name or a single name.

    A name such as `runs/*.pth` is a pattern unless a file with exactly this name exists.

    Raises:
        InputError: A pattern matches no file.
    """
    if not names or (len(names) == 1 and not _is_pattern(names[0])):
        return None
    found: dict[str, None] = {}
    for name in names:
        matches = [name]
        if _is_pattern(name):
            # Path.glob does not accept absolute patterns.
            matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        if not matches:
            raise InputError(f"no file matches '{name}'", path="--weights")
        found |= dict.fromkeys(matches)
    return list(found)


def _is_pattern(name: str) -> bool:
    return glob.has_magic(name) and not Path(name).exists()


@dataclass(frozen=True)
class Measured:
    """The outcome for one file: its result as plain data, or the reason why there is none."""

    name: str
    result: Mapping[str, Any] | None
    error: str = ""


def measured(name: str, measure: Callable[[str], Mapping[str, Any]]) -> Measured:
    """Measure the weights of one file; a failure is recorded, so that the other files continue."""
    from designspace.failures.words import in_one_line

    try:
        with in_one_line():
            return Measured(name, measure(name))
    except DesignspaceError as error:
        return Measured(name, None, str(error))


def show(found: Sequence[Measured], *, as_json: bool) -> None:
    """Print one row per file.

    Raises:
        InputError: Some files could not be measured; the others are printed first.
    """
    from designspace.cli.output.printing import print_json, print_table

    if as_json:
        print_json([_json(one) for one in found])
    else:
        rows = [_cells(one.name, one.result) for one in found if one.result is not None]
        if rows:
            text = ("weights", "measured on")
            print_table(_COLUMNS, rows, text=text, optional=("size", "measured on", "top-5"))
    lost = [one for one in found if one.result is None]
    if lost:
        said = "; ".join(f"{one.name}: {one.error}" for one in lost)
        raise InputError(f"{len(lost)} of {len(found)} weights were not measured: {said}")


def _json(one: Measured) -> dict[str, Any]:
    return {"weights_name": one.name, **(one.result or {"error": one.error})}


def _cells(name: str, result: Mapping[str, Any]) -> list[str]:
    top5 = result["top5"]
    return [
        name,
        f"{result['top1']:.2f}",
        "-" if top5 is None else f"{top5:.2f}",
        f"{result['n']:,}",
        f"{result['data']} ({result['split']})",
        f"{result['input_size']}x{result['input_size']}",
    ]
