"""Which kind of source a name or a path is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from designspace.errors import InputError, did_you_mean
from designspace.images.arrays import PACKAGED, packaged, read_npz
from designspace.images.encoded import Reading
from designspace.images.folder import read_folder
from designspace.images.named import NAMED, read_named
from designspace.images.parts import holds
from designspace.images.shards import read_shards
from designspace.images.split import Source
from designspace.images.zipped import read_zip
from designspace.library_warnings import silenced


@silenced()
def read_source(source: str | None, download: bool, options: Reading) -> Source:
    """Reads a data set; None is the packaged one.

    Raises:
        InputError: there is none of this name, or it cannot be read.
    """
    if source is None or source == PACKAGED:
        return packaged()
    if source in NAMED:
        return read_named(source, download=download)
    path = Path(source)
    if holds(path, ".parquet"):
        from designspace.images.parquet import read_parquet  # other sources need not wait

        return read_parquet(path, options)
    if holds(path, ".tar"):
        return read_shards(path, options)
    if path.is_dir():
        return read_folder(path, options)
    if path.suffix == ".npz":
        return read_npz(path)
    if path.suffix == ".zip" and path.is_file():
        return read_zip(path, options)
    raise _unknown(path, source)


def _unknown(path: Path, source: str) -> InputError:
    if path.exists():
        said = "neither a directory of images, .tar or .parquet files nor an .npz or .zip file"
        return InputError(said, file=source)
    if path.suffix or "/" in source:
        return InputError("no such file or directory", file=source)
    return InputError(f"unknown data '{source}'", hint=did_you_mean(source, [PACKAGED, *NAMED]))


def located(source: str | None) -> str | None:
    """The same source for a process that stands elsewhere: the path of a file made absolute."""
    if source is None or source in (PACKAGED, *NAMED):
        return source
    return str(Path(source).absolute())


def portable(load: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `load_data` for a file that travels: of a source, a name but no path."""
    source = load.get("source")
    named = source is None or source in (PACKAGED, *NAMED)
    return {key: value for key, value in load.items() if named or key != "source"}
