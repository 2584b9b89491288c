"""The public Python names: `designspace.__all__`, and the types that they return."""

from __future__ import annotations

import inspect
import typing
from typing import Any

import designspace


def page() -> str:
    """One entry per public name, then the classes that the functions return."""
    names = sorted(designspace.__all__, key=str.lower)
    public = {name: getattr(designspace, name) for name in names}
    functions = [name for name, value in public.items() if inspect.isroutine(value)]
    classes = {name: value for name, value in public.items() if inspect.isclass(value)}
    returned = {
        cls for name in functions for cls in _returned(public[name]) if cls not in classes.values()
    }
    return "\n\n".join(
        [
            "# Python reference\n\nThis page is generated from the public names of `designspace`. "
            "[](../python.md) shows how they are used together.",
            "## Functions",
            *(_entry("function", f"designspace.{name}") for name in functions),
            *(["## Classes"] if classes else []),
            *(_entry("class", f"designspace.{name}") for name in classes),
            "## What the functions return",
            *(
                _entry("class", f"{cls.__module__}.{cls.__qualname__}", members=True)
                for cls in sorted(returned, key=lambda cls: cls.__name__)
            ),
        ]
    )


def _entry(sort: str, path: str, members: bool = False) -> str:
    options = ":members:\n" if members else ""
    return f"```{{eval-rst}}\n.. auto{sort}:: {path}\n{_indented(options)}```"


def _indented(text: str) -> str:
    return "".join(f"   {line}\n" for line in text.splitlines())


def _returned(function: Any) -> set[type]:
    """The classes of this package in a function's return annotation."""
    try:
        hint = typing.get_type_hints(function).get("return")
    except NameError:  # imported for type checkers only
        return set()
    found: set[type] = set()
    queue = [hint]
    while queue:
        one = queue.pop()
        queue += typing.get_args(one)
        if inspect.isclass(one) and one.__module__.startswith("designspace."):
            found.add(one)
    return found
