"""What ships with the package: networks, recipes, spaces, ladders."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import cast

from designspace.errors import InputError, did_you_mean
from designspace.spec.documents.document import is_file, read_yaml

_PACKAGE = Path(__file__).resolve().parents[2]
# What shares the folder `search`: the key by which each is known, and the command that takes it.
_SORTS = {"space": ("axes", "search --space"), "ladder": ("steps", "ladder")}


def root() -> Path:
    """The catalog's folder: inside an installed package, or the checkout around it."""
    packed = _PACKAGE / "_catalog"
    return packed if packed.is_dir() else _PACKAGE.parent


def names(folder: str, key: str = "") -> list[str]:
    """Names of the files of a catalog folder: `specs`, `specs/recipes` or `search`.

    Args:
        folder: The folder.
        key: Only files that have this key: in `search`, a space has `axes`, a ladder `steps`.
    """
    return sorted(path.stem for path in (root() / folder).glob("*.yaml") if holds(path, key))


def ships(name: str, folder: str, key: str = "") -> bool:
    """Return whether a catalog folder has a file of this name, with this key."""
    if "/" in name:
        return False
    path = root() / folder / f"{name}.yaml"
    return is_file(path) and holds(path, key)


def find(source: str | Path, folder: str, what: str, key: str = "") -> Path:
    """The file for a path or a catalog name.

    Args:
        source: A path to a YAML file, or a name from the catalog.
        folder: The catalog folder to look in.
        what: What is looked for, in words.
        key: The key by which such a file is told from the others of its folder.

    Raises:
        InputError: Neither a file nor a known name, or a file of another sort.
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
    raise InputError(f"no {what} is called '{source}', nor is there such a file", hint=hint)


def holds(path: Path, key: str) -> bool:
    """Whether a YAML file has a key; every file has the empty one."""
    if not key:
        return True
    state = path.stat()
    return key in _keys(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=256)
def _keys(path: Path, *_state: int) -> frozenset[object]:
    """The keys of a YAML file, which is read once for all that is asked of it."""
    data: object = read_yaml(path).data
    return frozenset(cast("dict[object, object]", data)) if isinstance(data, dict) else frozenset()


def _near(path: Path) -> Path:
    """A path as short as it can be told from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
