"""Checks of the kinds of a plug-in when it is loaded, with errors at the line of the mistake."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import isabstract
from types import ModuleType

from pydantic.errors import PydanticUndefinedAnnotation

from designspace.errors import InputError
from designspace.layers.kind import Kind


def check_kinds(module: ModuleType, source: str, path: str) -> None:
    """Check that every kind of a plug-in has a name, and annotations that Python can resolve.

    Raises:
        InputError: A kind has a mistake; the error has its file, line and class.
    """
    for kind in _kinds_in(module):
        try:
            kind.model_rebuild()
        except PydanticUndefinedAnnotation as error:
            raise undefined(error, source, path) from None
        if _lacks_kind(kind):
            name = kind.__name__
            raise InputError(
                f"class {name} has no field `kind`, so no specification can name it",
                file=path,
                line=_line_of_class(source, name),
                hint=f'add `kind: Literal["{name.lower()}"] = "{name.lower()}"`',
            )


def undefined(error: PydanticUndefinedAnnotation, source: str, path: str) -> InputError:
    """Return the error for a name in an annotation that is not defined."""
    return InputError(
        f"the plug-in fails: an annotation names '{error.name}', which is not defined",
        file=path,
        line=_line_of_annotation(source, error.name or ""),
        hint="correct the name, or define or import it above the class",
    )


def _kinds_in(module: ModuleType) -> Iterator[type[Kind]]:
    for value in list(vars(module).values()):
        is_kind = isinstance(value, type) and issubclass(value, Kind)
        if is_kind and value.__module__ == module.__name__:
            yield value


def _lacks_kind(kind: type[Kind]) -> bool:
    """Return whether a class could be chosen but has no name; a base of others needs none."""
    is_base = (
        kind.__name__.startswith("_")
        or isabstract(kind)
        or bool(kind.__subclasses__())
        or "registry" in vars(kind)
    )
    return bool(kind.family_name) and not is_base and "kind" not in kind.model_fields


def _line_of_class(source: str, name: str) -> int | None:
    classes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    return next((node.lineno for node in classes if node.name == name), None)


def _line_of_annotation(source: str, name: str) -> int | None:
    """Return the line of the first annotation of a field that contains a name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign):
            named = ast.walk(node.annotation)
            if any(isinstance(part, ast.Name) and part.id == name for part in named):
                return node.lineno
    return None
