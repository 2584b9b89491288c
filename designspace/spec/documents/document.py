"""Reading and writing YAML: only plain data, with line numbers, and atomic writes."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from designspace.errors import InputError
from designspace.spec.documents.yaml_parser import Extent, PlainDumper, PlainLoader, QuickLoader

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Place where a value was written."""

    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One value that was set on a document: its keys, and the place where it was written."""

    keys: Keys
    origin: Origin


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, and the place where each part of it was written.

    Attributes:
        data: Plain data.
        origins: Places where values were written, by their keys.
        changes: Changes of the last round, which were applied together.
        before: Document before these changes; None if nothing was changed.
    """

    data: Any
    origins: dict[Keys, Origin] = field(default_factory=dict[Keys, Origin])
    changes: tuple[Change, ...] = ()
    before: Document | None = None

    def origin(self, keys: Keys) -> Origin:
        """Return the place of the value at these keys, or of the nearest one around it."""
        for end in range(len(keys), -1, -1):
            if keys[:end] in self.origins:
                return self.origins[keys[:end]]
        return Origin()


def parse_value(text: str) -> Any:
    """Parse a value as YAML would read it, for `--set path=value`.

    Raises:
        InputError: The text is not a YAML value.
    """
    return parse(text, file="--set").data


def parse(text: str, *, file: str) -> Document:
    """Read YAML text.

    Raises:
        InputError: The YAML is broken, a key is repeated, or a tag is not plain data.
    """
    if QuickLoader.suits(text):
        with suppress(yaml.YAMLError):  # the other parser reports it below, in the usual words
            return _read(QuickLoader, text, file)
    try:
        return _read(PlainLoader, text, file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise InputError(_problem(error), file=file, line=line) from None
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise InputError(f"broken YAML: {said}", file=file) from None


def _read(reader: type[PlainLoader | QuickLoader], text: str, file: str) -> Document:
    loader: PlainLoader | QuickLoader | None = None
    try:
        loader = reader(text)
        node = loader.whole()
        origins: dict[Keys, Origin] = {(): Origin(file, 1)}  # for an empty text, too
        if node is None:
            return Document(None, origins)
        _walk(node, (), file, origins, Extent())
        return Document(loader.construct(node), origins)
    finally:
        if loader is not None:
            loader.close()


def _problem(error: yaml.MarkedYAMLError) -> str:
    said = " ".join(part for part in (error.context, error.problem) if part)
    if "could not determine a constructor" in said:
        return f"only plain data is allowed ({error.problem})"
    return f"broken YAML: {said}"


def _walk(
    node: yaml.Node, keys: Keys, file: str, origins: dict[Keys, Origin], extent: Extent
) -> None:
    """Note the line of every value, and refuse repeated keys, which PyYAML would accept."""
    extent.enter(node, len(keys))
    if not keys or keys not in origins:  # keep the line of a key
        origins[keys] = Origin(file, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(cast("list[yaml.Node]", node.value)):
            _walk(item, (*keys, index), file, origins, extent)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen and name != "<<":
                raise InputError(f"key '{name}' appears twice", file=file, line=line)
            seen.add(name)
            origins[(*keys, name)] = Origin(file, line)
            _walk(value, (*keys, name), file, origins, extent)


def read_yaml(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        InputError: The file is missing, unreadable, or not plain YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError("no such file", file=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read as text: {error}", file=str(path)) from None
    return parse(text, file=str(path))


def is_file(path: Path) -> bool:
    """Return whether a file exists; False also for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def is_directory(path: Path) -> bool:
    """Return whether a directory exists; False also for a name that no directory can have."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def dump_yaml(data: Any) -> str:
    """Return plain data as YAML text, in the given order."""
    text = yaml.dump(data, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=100)
    return str(text)


def write_yaml_atomic(path: Path, data: Any) -> None:
    """Write plain data as a YAML file, atomically."""
    write_text_atomic(path, dump_yaml(data))


def write_text_atomic(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    write_bytes_atomic(path, text.encode())


def written_to(path: Path) -> Path:
    """Return the path to write for a file that a user names; links are followed and stay links.

    Raises:
        InputError: The path leads to something other than a regular file, such as a folder or a
            device, or cannot be followed.
    """
    try:
        target = path.resolve()
        mode = target.stat().st_mode
    except FileNotFoundError:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # links that form a circle, a forbidden folder
        said = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be written: {said}", file=str(path)) from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise InputError(f"cannot be written: it is {kind}", file=str(path))
    return target


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Report errors of the operating system inside the block as errors about `path`.

    Raises:
        InputError: The file cannot be written, for example because the disk is full.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(path)) from error


def write_bytes_atomic(path: Path, content: bytes) -> None:
    """Write a file atomically: an existing file stays until the new one is complete.

    Raises:
        InputError: The file cannot be written, for example because the disk is full.
    """
    path = written_to(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
