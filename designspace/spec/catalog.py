"""What ships with the package: networks, recipes, spaces."""

from __future__ import annotations

from pathlib import Path

from designspace.errors import InputError, did_you_mean

_PACKAGE = Path(__file__).resolve().parent.parent


def root() -> Path:
    """The catalog's folder: inside an installed package, or the checkout around it."""
    packed = _PACKAGE / "_catalog"
    return packed if packed.is_dir() else _PACKAGE.parent


def names(folder: str) -> list[str]:
    """Names of all files of a catalog folder: `specs`, `specs/recipes` or `search`."""
    return sorted(path.stem for path in (root() / folder).glob("*.yaml"))


def find(source: str | Path, folder: str, what: str) -> Path:
    """The file for a path or a catalog name.

    Args:
        source: A path to a YAML file, or a name from the catalog.
        folder: The catalog folder to look in.
        what: What is looked for, in words.

    Raises:
        InputError: Neither a file nor a known name.
    """
    path = Path(source)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if path.is_file():
            return path
        raise InputError(f"no such {what} file", file=str(source))
    found = root() / folder / f"{source}.yaml"
    if found.is_file():
        return _near(found)
    hint = did_you_mean(str(source), names(folder))
    raise InputError(f"no {what} is called '{source}', nor is there such a file", hint=hint)


def _near(path: Path) -> Path:
    """A path as short as it can be told from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
