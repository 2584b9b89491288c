"""Errors for mistakes in a user's own part: each names the file and the line of the user's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from designspace.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from designspace.layers.part import Composite


class NotALayerError(TypeError):
    """A part lists something that is no layer; the text says what to write instead."""


def layers_error(part: Composite, value: object) -> InputError:
    """Return the error for a part whose `layers` returns no mapping."""
    got = "nothing" if value is None else f"a {type(value).__name__}"
    said = f"`layers` of {type(part).__name__} returns {got}"
    return _at(type(part).layers, said, "return a mapping of layers by name")


def forward_error(part: Composite) -> InputError:
    """Return the error for a part whose `forward` returns nothing."""
    said = f"`forward` of {type(part).__name__} returns nothing"
    return _at(type(part).forward, said, "return the output of the last layer")


def listed_error(part: Composite, name: str, error: NotALayerError) -> InputError:
    """Return the error for a part that lists something that is no layer."""
    return _at(type(part).layers, f"`{name}` of {type(part).__name__} {error}", None)


def missing_layer(error: AttributeError, layers: Mapping[str, Any]) -> InputError:
    """Return the error for a `forward` that calls a layer that the part does not list."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace else None
    hint = did_you_mean(str(error.name), layers)
    line = trace.tb_lineno if trace else None
    return InputError(f"no layer '{error.name}'", file=file, line=line, hint=hint)


def not_a_layer(value: object) -> NotALayerError:
    """Return the error for a value that stands where a layer is expected."""
    made = value if isinstance(value, type) else type(value)
    name = made.__name__
    if any(above.__module__.startswith("torch.nn.") for above in made.__mro__):
        sort = "class" if made is value else "module"
        wrapped = f"wrap its class: Opaque.of({name})"
        return NotALayerError(f"is a torch {sort}, not a layer; {wrapped}")
    if made is value:
        return NotALayerError(f"is a class, not a layer; call it: {name}()")
    if hasattr(value, "on") and hasattr(value, "forward"):
        return NotALayerError(f"is a {name} without its context; write .on(at) after it")
    return NotALayerError(f"is not a layer (got {value!r})"[:200])


def _at(method: Callable[..., Any], said: str, hint: str | None) -> InputError:
    code = method.__code__
    return InputError(said, file=code.co_filename, line=code.co_firstlineno, hint=hint)
