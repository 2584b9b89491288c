"""The catalog that ships with the package: networks, recipes, spaces and ladders."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import cast

from designspace.errors import InputError, did_you_mean
from designspace.spec.documents.document import is_file, read_yaml

_PACKAGE = Path(__file__).resolve().parents[2]
# Kinds of files in the folder `search`: the key that identifies each, and the command to use.
_SORTS = {"space": ("axes", "search --space"), "ladder": ("steps", "ladder")}


def root() -> Path:
    """Return the catalog's folder: inside an installed package, or the checkout around it."""
    packed = _PACKAGE / "_catalog"
    return packed if packed.is_dir() else _PACKAGE.parent


def names(folder: str, key: str = "") -> list[str]:
    """Return the names of the files of a catalog folder, sorted.

    Args:
        folder: Catalog folder: `specs`, `specs/recipes` or `search`.
        key: Key that a file must have: in `search`, a space has `axes` and a ladder `steps`.
    """
    return sorted(path.stem for path in (root() / folder).glob("*.yaml") if holds(path, key))


def ships(name: str, folder: str, key: str = "") -> bool:
    """Return whether a catalog folder has a file of this name, with this key."""
    if "/" in name:
        return False
    path = root() / folder / f"{name}.yaml"
    return is_file(path) and holds(path, key)


def find(source: str | Path, folder: str, what: str, key: str = "") -> Path:
    """Return the file for a path or a catalog name.

    Args:
        source: Path to a YAML file, or a name from the catalog.
        folder: Catalog folder to look in.
        what: Kind of thing to look for, in words, for messages.
        key: Key that distinguishes such a file from the others in its folder.

    Raises:
        InputError: The source is neither a file nor a known name, or the file is of another sort.
    """
    found = _find(source, folder, what, key)
    for other, (its_key, remedy) in _SORTS.items():
        if key and key != its_key and not holds(found, key) and holds(found, its_key):
            said = f"'{source}' is a {other}, not a {what}"
            raise InputError(said, file=str(found), hint=f"try `designspace {remedy} {source}`")
    return found


def _find(source: str | Path, folder: str, what: str, key: str) -> Path:
    path = Path(source)
    if path.suffix in (".yaml", ".yml") or is_file(path):
        if is_file(path):
            return path
        raise InputError(f"no such {what} file", file=str(source))
    found = root() / folder / f"{source}.yaml"
    if is_file(found):
        return _near(found)
    hint = did_you_mean(str(source), names(folder, key))
    raise InputError(f"no {what} is called '{source}', and no such file exists", hint=hint)


def holds(path: Path, key: str) -> bool:
    """Return whether a YAML file has a key; every file has the empty key."""
    if not key:
        return True
    state = path.stat()
    return key in _keys(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=256)
def _keys(path: Path, *_state: int) -> frozenset[object]:
    """Return the top-level keys of a YAML file, which is read once per version of the file."""
    data: object = read_yaml(path).data
    return frozenset(cast("dict[object, object]", data)) if isinstance(data, dict) else frozenset()


def _near(path: Path) -> Path:
    """Return the path relative to the working directory if it lies inside, else as it is."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
