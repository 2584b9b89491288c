"""Sources of encoded images: a directory, an archive, or files that a pattern names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from designspace.errors import InputError
from designspace.images.containers.folder import walk, without_links
from designspace.images.containers.layout import is_laid_out, lay_out
from designspace.images.containers.listing import arrange
from designspace.images.containers.patterns import named_files
from designspace.images.containers.reading import Container, read_container
from designspace.images.containers.tars import read_tars
from designspace.images.containers.tree import Tree
from designspace.images.containers.zipped import list_zip, store_of
from designspace.images.files.filenames import counted, is_image, listed, natural_key, suffix_of
from designspace.images.files.store import FileStore
from designspace.images.pixels.encoded import Reading
from designspace.images.split import Source

SUFFIXES = ("parquet", "tar")
"""Suffixes of files that hold many images."""
_COMPRESSED = ("tar.gz", "tgz", "tar.bz2", "tbz2", "tar.xz", "txz", "tar.zst")
FilesReader = Callable[[Sequence[Path], Path, str, Reading, bool], Source]


def read_directory(directory: Path, options: Reading) -> Source:
    """Read a directory of class folders, or else of Parquet files, or else of tar files.

    Raises:
        InputError: The directory holds none of these, or they cannot be read.
    """
    tree, linked = walk(directory)
    strays = {kind: _of_suffix(tree, kind) for kind in SUFFIXES}
    held = next((kind for kind in SUFFIXES if strays[kind]), None)
    if held is None or is_laid_out(tree):
        names = [name for found in strays.values() for name in found]
        note = f"left out {listed(names, 3)}: the images in class folders are read"
        return _read_folder(directory, tree, linked, options, [note] if names else [])
    files = sorted((directory / name for name in strays[held]), key=lambda p: natural_key(str(p)))
    source = _reader(held)(files, directory, str(directory), options, True)
    beside = counted(
        parts[-1] for parts in tree.files if is_image(parts[-1]) or suffix_of(parts[-1]) in SUFFIXES
        if suffix_of(parts[-1]) != held
    )  # fmt: skip
    note = f"left out {beside}: the .{held} files are read"
    return replace(source, notes=(*source.notes, note)) if beside else source


def read_files(pattern: str, options: Reading) -> Source:
    """Read Parquet or tar files: a single one, or those that a pattern with braces names.

    Raises:
        InputError: A file does not exist or cannot be read.
    """
    files = named_files(pattern)
    root = files[0].parent
    while not all(path.is_relative_to(root) for path in files):
        root = root.parent
    return _reader(suffix_of(pattern))(files, root, pattern, options, False)


def read_zip(file: Path, options: Reading) -> Source:
    """Read a zip file of images in class folders.

    Raises:
        InputError: The file is not a zip file, has no class folders, or holds an unreadable image.
    """
    tree = list_zip(file)
    laid = lay_out(tree, str(file))
    store = store_of(file, tree)
    listing = arrange(laid.samples, None, str(file), store.where)
    return read_container(Container(str(file), file.stem, store, listing, laid.notes), options)


def refuse_compressed(name: str) -> None:
    """Reject a compressed tar file, because its parts cannot be read separately.

    Raises:
        InputError: The file is a compressed tar file, by its suffix.
    """
    kind = next((kind for kind in _COMPRESSED if name.lower().endswith(f".{kind}")), None)
    if kind:
        raise InputError(f"a compressed tar file (.{kind}) does not allow random access", file=name,
                         hint="unpack it, or pack it again without compression")  # fmt: skip


def _of_suffix(tree: Tree, suffix: str) -> list[str]:
    return [
        str(key) for parts, key in zip(tree.files, tree.keys, strict=True)
        if suffix_of(parts[-1]) == suffix
    ]  # fmt: skip


def _reader(suffix: str) -> FilesReader:
    if suffix == "tar":
        return read_tars
    from designspace.images.containers.parquet import read_parquet  # slow, only needed here

    return read_parquet


def _read_folder(
    directory: Path, tree: Tree, linked: bool, options: Reading, notes: Sequence[str]
) -> Source:
    laid = lay_out(tree, str(directory))
    samples, further = laid.samples, list[str]()
    if linked:
        samples, further = without_links(directory, tree, samples)
    store = FileStore(directory, tuple(directory / str(key) for key in tree.keys))
    listing = arrange(samples, None, str(directory), store.where)
    said = [*laid.notes, *further, *notes]
    return read_container(Container(str(directory), directory.name, store, listing, said), options)
