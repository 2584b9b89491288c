"""Running a plug-in: it is read once, hashed, executed as its own module, and registered."""

from __future__ import annotations

import hashlib
import linecache
import re
import sys
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from pydantic.errors import PydanticUndefinedAnnotation

from designspace.errors import InputError, nearest
from designspace.layers.kind import Kind
from designspace.layers.late_kinds import compile_again
from designspace.plugins import inherited
from designspace.plugins.checking import check_kinds, undefined

PACKAGE = inherited.PACKAGE


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plug-in that is in use.

    Attributes:
        name: File name, or name of the entry point; data refer to it by this name.
        path: Path of the file.
        sha256: SHA-256 of the file's content, 64 hexadecimal digits.
        module: Name of its module.
        source: Text that was hashed and run; empty for an installed package.
    """

    name: str
    path: str
    sha256: str
    module: str
    source: str = field(repr=False)

    def __repr__(self) -> str:
        return f"<Plugin {self.name}, sha256 {self.sha256[:12]}>"


_active: dict[str, Plugin] = {}


def active() -> Mapping[str, Plugin]:
    """Return all plug-ins in use by the names of their modules, in the order of loading."""
    return _active


def use_plugin(path: str | Path) -> Plugin:
    """Run a plug-in file, so that its kinds can be named in specifications.

    Using the same file again does nothing; a file that has changed replaces its own kinds.

    Args:
        path: Path of a Python file that defines kinds, leaves with their lowerings, or decisions.

    Returns:
        The plug-in, with the hash that records refer to.

    Raises:
        InputError: There is no such file, or it fails; the error has its line and Python's message.
    """
    file = Path(path).absolute()
    try:
        content = file.read_bytes()
        source = content.decode("utf-8")
    except OSError as error:
        raise _unreadable(Path(path), error) from None
    except UnicodeDecodeError as error:
        raise InputError(f"the plug-in is not UTF-8 text: {error}", file=str(path)) from None
    return adopt(Plugin(file.name, str(file), _sha256(content), _module_name(file), source))


def adopt(plugin: Plugin) -> Plugin:
    """Run the source of a plug-in; running the same source again does nothing.

    Raises:
        InputError: The plug-in fails.
    """
    known = _active.get(plugin.module)
    if known is not None and known.sha256 == plugin.sha256:
        return known
    assert plugin.sha256 == _sha256(plugin.source.encode()), "the source does not match its hash"
    before = registered()
    with ExitStack() as undo:
        undo.callback(_restore, before)
        undo.callback(sys.modules.pop, plugin.module, None)
        _run(plugin)
        undo.pop_all()
    remember(plugin)
    if plugin.source:
        inherited.hand_down(plugin.module, plugin.path, plugin.sha256)
    return plugin


def remember(plugin: Plugin) -> None:
    """Register a plug-in as in use."""
    _active[plugin.module] = plugin


def registered() -> dict[type[Kind], dict[str, type[Kind]]]:
    """Return all families with their present kinds."""
    families = [kind for kind in Kind.__subclasses__() if kind.is_family()]
    nested = [kind for child in Kind.__subclasses__() for kind in child.__subclasses__()]
    families += [kind for kind in nested if kind.is_family()]
    return {family: dict(family.registry) for family in families}


def _run(plugin: Plugin) -> None:
    module = ModuleType(plugin.module)
    module.__file__ = plugin.path
    inherited.install()
    sys.modules[plugin.module] = module
    text = plugin.source
    # On another machine the file may be missing; this lets tracebacks show its lines anyway.
    linecache.cache[plugin.path] = (len(text), None, text.splitlines(True), plugin.path)
    try:
        exec(compile(plugin.source, plugin.path, "exec"), vars(module))
        check_kinds(module, plugin.source, plugin.path)
    except PydanticUndefinedAnnotation as error:
        raise undefined(error, plugin.source, plugin.path) from error
    except Exception as error:
        raise _failed(plugin.path, error) from error


def _restore(before: Mapping[type[Kind], Mapping[str, type[Kind]]]) -> None:
    """Restore the kinds that were registered before a plug-in failed half-way."""
    for family, kinds in registered().items():
        if kinds != before.get(family, {}):
            family.registry.clear()
            family.registry.update(before.get(family, {}))
            compile_again(family)


def _failed(path: str, error: Exception) -> InputError:
    """Return the error of a failed plug-in, at the line of the user's file."""
    if isinstance(error, SyntaxError) and error.filename == path:
        said = f"the plug-in is not valid Python: {error.msg}"
        return InputError(said, file=path, line=error.lineno)
    if isinstance(error, InputError) and error.file == path:
        return error
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    said = error.message if isinstance(error, InputError) else str(error)
    hint = error.hint if isinstance(error, InputError) else None
    title = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
    return InputError(
        f"the plug-in fails: {title}{said}", file=path, line=lines[-1] if lines else None, hint=hint
    )


def _unreadable(path: Path, error: OSError) -> InputError:
    """Return the error for a file that cannot be read, with the nearest file name as a hint."""
    if not isinstance(error, FileNotFoundError):
        return InputError(f"the plug-in cannot be read: {error.strerror}", file=str(path))
    folder = path.parent
    names = [entry.name for entry in folder.glob("*.py")] if folder.is_dir() else []
    near = nearest(path.name, names)
    hint = f"did you mean '{path.with_name(near)}'?" if near else "name a Python file"
    return InputError("no such plug-in file", file=str(path), hint=hint)


def _module_name(file: Path) -> str:
    """Return a name that depends on the path only, so that a changed file replaces its kinds."""
    stem = re.sub(r"\W", "_", file.stem)
    return f"{PACKAGE}.{stem}_{_sha256(str(file).encode())[:8]}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
