"""Data sources: recognise the kind of source by its name or path, and read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from designspace.errors import InputError, did_you_mean
from designspace.images.containers.directory import (
    SUFFIXES,
    read_directory,
    read_files,
    read_zip,
    refuse_compressed,
)
from designspace.images.copies import with_copies
from designspace.images.files.filenames import shown, suffix_of
from designspace.images.npz import PACKAGED, packaged, read_npz
from designspace.images.pixels.encoded import Reading
from designspace.images.split import Source
from designspace.images.torchvision_sets import NAMED, read_named
from designspace.library_warnings import silenced


@silenced()
def read_source(source: str | None, download: bool, options: Reading) -> Source:
    """Read a data set.

    Args:
        source: Name or path; None for the packaged set.
        download: Whether torchvision may fetch files that are not on disk.
        options: Options for encoded images.

    Raises:
        InputError: There is no data set of this name, or it cannot be read.
    """
    return with_copies(_read(source, download, options))


def _read(source: str | None, download: bool, options: Reading) -> Source:
    if source is None or source == PACKAGED:
        return packaged()
    if source in NAMED:
        return read_named(source, download=download)
    path = _path(source)
    suffix = suffix_of(path.name)
    try:
        if path.is_dir():
            return read_directory(path, options)
        if suffix in SUFFIXES:
            return read_files(str(path), options)
        if suffix == "npz":
            return read_npz(path)
        if suffix == "zip" and path.is_file():
            return read_zip(path, options)
        raise _unknown(path, source)
    except OSError as error:  # such as a name that is too long
        said = f"cannot be read ({error.strerror})"
        raise InputError(said, file=shown(source[:200])) from error


def _path(source: str) -> Path:
    """Return the path of a source; expand `~` as a shell does, unless the path exists as given.

    Raises:
        InputError: The source is empty, or the user in `~user` does not exist.
    """
    if not source.strip():
        raise InputError(
            f"no data given (got '{shown(source)}')", hint="use . for the folder that you are in"
        )
    path = Path(source)
    if not source.startswith("~") or path.exists():
        return path
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise InputError("no such user's home folder", file=shown(source)) from error


def _unknown(path: Path, source: str) -> InputError:
    if path.exists():
        refuse_compressed(str(path))
        said = "neither a directory of images, .tar or .parquet files nor an .npz or .zip file"
        return InputError(said, file=shown(source))
    if path.suffix or "/" in source:
        return InputError("no such file or directory", file=shown(source))
    return InputError(
        f"unknown data '{shown(source)}'", hint=did_you_mean(shown(source), [PACKAGED, *NAMED])
    )


def located(source: str | None) -> str | None:
    """Return the source for a process in another directory: paths become absolute."""
    if source is None or source in (PACKAGED, *NAMED):
        return source
    return str(_path(source).absolute())


def portable(load: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of `load_data` that hold on any machine: a source that is a path is omitted.

    Args:
        load: Arguments of `load_data`.
    """
    source = load.get("source")
    named = source is None or source in (PACKAGED, *NAMED)
    return {key: value for key, value in load.items() if named or key != "source"}
