"""Support for kinds that register late: models that were compiled before accept them too.

Pydantic compiles the union of a family's kinds into every model with a field of that family, once,
when the model's class is created. A kind from a user's script or plug-in registers later. So
whenever a kind registers, all models that can hold its family, directly or through other kinds, are
compiled again.

Example: `Block` nests `Mixer`, and `Network` nests `Block`. A new mixer makes pydantic compile the
blocks again, then everything that nests a block, `Network` included. While the package itself is
imported, mixers come before blocks and blocks before `Network`, so nothing is compiled twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from designspace.layers.frozen import Frozen

Model = type[BaseModel]
_COMPILED = (
    "__pydantic_core_schema__",
    "__pydantic_validator__",
    "__pydantic_serializer__",
)


def compile_again(family: Model) -> None:
    """Compile every model that can hold a family again, with all kinds that the family has now."""
    outdated = list(_holders(family))
    # Models embed the schemas of others, so all old ones must go before the first is built.
    for model in outdated:
        for name in _COMPILED:
            if name in model.__dict__:
                delattr(model, name)
    for model in outdated:
        model.model_rebuild(force=True)


def _holders(family: Model) -> Iterator[Model]:
    """Return the models with a field that can hold one of these kinds, at any depth."""
    models = list(_below(Frozen))
    fields = {model: _models_of(model) for model in models}
    reached: set[Model] = {family, *_below(family)}
    found: set[Model] = set()
    grown = True
    while grown:
        grown = False
        for model, held in fields.items():
            if model not in found and held & reached:
                found.add(model)
                reached |= {model, *_families(model)}
                grown = True
    return (model for model in models if model in found)


def _below(model: Model) -> Iterator[Model]:
    for child in model.__subclasses__():
        yield child
        yield from _below(child)


def _families(model: Model) -> Iterator[Model]:
    """Yield the bases of a kind: a field that is annotated with one of them can hold the kind."""
    return (above for above in model.__mro__ if issubclass(above, Frozen) and above is not Frozen)


@cache
def _models_of(model: Model) -> frozenset[Model]:
    """Return the models in the annotations of a model's fields."""
    return frozenset(_models_in(field.annotation for field in model.model_fields.values()))


def _models_in(annotations: Iterable[Any]) -> Iterator[Model]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        else:
            yield from _models_in(get_args(annotation))
