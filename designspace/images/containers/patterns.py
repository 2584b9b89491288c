"""Patterns with braces, and the assignment of several files to splits by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from designspace.images.containers.roles import ROLES, Role, file_role, roles_in
from designspace.images.files.filenames import listed, parts_of, plural, refused


def named_files(pattern: str) -> list[Path]:
    """Return the files that a pattern names, each once.

    Raises:
        InputError: A file does not exist; the error names the first one and checks no others.
    """
    if Path(pattern).is_file():
        return [Path(pattern)]
    files: list[Path] = []
    for name in expand(pattern):
        path = Path(name)
        if not path.is_file():
            said = "not a regular file" if path.exists() else "no such file"
            raise refused(said, name)
        files.append(path)
    return files


def expand(pattern: str) -> Iterator[str]:
    """Yield the names for a shell's braces, such as `{0000..0003}` and `{train,val}`, also nested.

    The names are made one by one, each once, because a range may stand for billions of them.
    """
    met: set[str] = set()
    for name in _expanded(pattern):
        if name not in met:
            met.add(name)
            yield name


def _expanded(pattern: str) -> Iterator[str]:
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found is None:
        yield pattern
        return
    before, after = pattern[: found.start()], pattern[found.end() :]
    for choice in _choices(found[1]):
        yield from _expanded(before + choice + after)


def _choices(inside: str) -> Iterator[str]:
    span = re.fullmatch(r"(\d{1,18})\.\.(\d{1,18})", inside)
    if span is None:
        yield from inside.split(",")
        return
    first, last = int(span[1]), int(span[2])
    padded = any(len(word) > 1 and word.startswith("0") for word in span.groups())
    width = max(map(len, span.groups())) if padded else 0
    step = 1 if first <= last else -1
    for number in range(first, last + step, step):
        yield f"{number:0{width}}"


def assigned(
    files: Sequence[Path], root: Path, file: str, whole: bool
) -> tuple[Mapping[Role, list[Path]], list[str]]:
    """Assign each file to a split by its name, or by the folders between it and the root.

    Args:
        files: Files in their order.
        root: Folder that contains the files.
        file: Name that the user gave, for errors.
        whole: Whether the user named a folder rather than files.

    Returns:
        The files of each split, and notes.

    Raises:
        InputError: A name states two splits, no file is for training, or two folders hold sets.
    """
    found = {path: _role(path, root) for path in files}
    roles = {role for role in found.values() if role}
    if not roles or (len(roles) == 1 and "train" not in roles and None not in found.values()):
        words = f"all files are of the {roles.pop()} split: " if roles and whole else ""
        note = f"{words}they are taken as one set, and splits are drawn from it"
        return {"train": list(files)}, [note] if words else []
    notes: list[str] = []
    unnamed = [path for path, role in found.items() if role is None]
    if "train" not in roles:
        if not unnamed:
            held = " and ".join(role for role in ROLES if role in roles)
            raise refused(f"has files for {held} but none for train", file, "pass the files of one")
        notes.append("files without a split in their names are used for training")
        found |= dict.fromkeys(unnamed, "train")
    elif unnamed:
        names = listed((path.relative_to(root).as_posix() for path in unnamed), 3)
        count = plural(len(unnamed), "file")
        notes.append(
            f"left out {count} whose names give no split, beside others whose names do: {names}"
        )
    parts: dict[Role, list[Path]] = {
        role: [path for path, each in found.items() if each == role] for role in ROLES
    }
    if whole:
        _refuse_several_sets([path for part in parts.values() for path in part], root, file)
    return {role: part for role, part in parts.items() if part}, notes


def _role(path: Path, root: Path) -> Role | None:
    relative = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    parts = parts_of(relative.as_posix())
    return file_role((*parts[:-1], Path(parts[-1]).stem), str(path))


def _refuse_several_sets(files: Sequence[Path], root: Path, file: str) -> None:
    """Reject several folders that each hold a separate set, because it is unclear how to merge."""
    folders = [path.relative_to(root).parts[:-1] for path in files]
    sets = {"/".join(part for part in parts if not roles_in(part)) for parts in folders}
    if len(sets) > 1:
        names = listed(f"{name or '.'}/" for name in sets)
        raise refused(f"holds {len(sets)} sets, in {names}", file, "pass the folder of one")
