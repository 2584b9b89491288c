"""The one interpreter of layer trees.

A network is a tree of leaves, chains of named layers, and parts, whose `forward` defines how their
layers are connected. There are four readings of such a tree: it is run on shapes (`trace`), priced
(`pricing`), run on stand-ins for tensors to find out what the backward pass keeps (`costing`), and
built as a module (`compiler`). Each is a `Reading`, which defines what stands for a tensor and what
is done with a leaf; `walk` alone knows how the layers of a tree are called.

A small example: for a part with `forward(m, x) = x + m.norm(x)`, `walk` passes `forward` an object
whose attribute `norm` is a function. When `forward` calls it, the reading visits the layer `norm`,
and its result is stored under that name; `+` is that of the stand-ins for tensors. At the end the
reading joins the stored results, in the order in which the part lists its layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, TypeVar

from designspace.layers.leaf import Leaf, ShapeError
from designspace.layers.mistakes import (
    NotALayerError,
    forward_error,
    layers_error,
    listed_error,
    missing_layer,
)
from designspace.layers.part import BoundPart, Composite, Layer

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")


class Reading(ABC, Generic[T, V, R]):
    """The actions of a walk on trees `T`, with values `V` that stand for tensors, and results `R`.

    Attributes:
        repeats: Whether a layer that occurs again in a chain, on the identical value, has the same
            result and need not be visited again.
    """

    repeats: ClassVar[bool] = False

    @abstractmethod
    def layer(self, tree: T) -> Layer:
        """Return the layer at the root of a tree."""

    @abstractmethod
    def children(self, tree: T, xs: tuple[V, ...]) -> Mapping[str, T]:
        """Return the layers below the root by name; those of a part depend on its inputs."""

    @abstractmethod
    def leaf(self, tree: T, xs: tuple[V, ...]) -> R:
        """Return the result of a leaf."""

    @abstractmethod
    def join(self, tree: T, xs: tuple[V, ...], output: V, results: Mapping[str, R]) -> R:
        """Return the result of a part or a chain, from those of its children."""

    @abstractmethod
    def value(self, result: R) -> V:
        """Return the value that stands for the output tensor of a layer."""

    def visit(self, tree: T, xs: tuple[V, ...]) -> R:
        """Walk a tree; a reading that caches results overrides this method."""
        return walk(self, tree, xs)


def walk(
    reading: Reading[T, V, R],
    tree: T,
    xs: tuple[V, ...],
    children: Mapping[str, T] | None = None,
) -> R:
    """Read a tree of layers.

    Args:
        reading: Reading, which defines what is done at each layer.
        tree: Tree of layers.
        xs: Inputs of the root.
        children: Layers below the root, if the reading has made them already.

    Raises:
        ShapeError: A layer cannot take its inputs; the error has its path from the root.
        InputError: A part lists something that is no layer, or its `forward` calls a layer that it
            does not list or returns nothing; the error has the line.
    """
    layer = reading.layer(tree)
    if isinstance(layer, BoundPart):
        children = reading.children(tree, xs) if children is None else children
        output, results = _run_part(reading, layer.part, children, xs)
    elif isinstance(layer, Leaf):
        return reading.leaf(tree, xs)
    else:
        children = reading.children(tree, xs) if children is None else children
        output, results = _run_chain(reading, children, *xs)
    return reading.join(tree, xs, output, results)


def layers_of(placed: BoundPart, x: Any) -> Mapping[str, Layer]:
    """Return the layers that a part lists for a feature.

    Raises:
        InputError: The part returns no mapping.
    """
    layers: Any = placed.part.layers(x, placed.at)
    if not isinstance(layers, dict) and not isinstance(layers, Mapping):  # a dict is quick to test
        raise layers_error(placed.part, layers)
    return layers  # pyright: ignore[reportUnknownVariableType]


def _run_part(
    reading: Reading[T, V, R], part: Composite, children: Mapping[str, T], xs: tuple[V, ...]
) -> tuple[V, dict[str, R]]:
    results: dict[str, Any] = dict.fromkeys(children)  # in the order of the list
    visit, value = reading.visit, reading.value

    def call(name: str, *inputs: V) -> V:
        assert results[name] is None, f"layer {name} is called twice"
        try:
            result = results[name] = visit(children[name], inputs)
        except ShapeError as error:
            raise _below(name, error) from None
        except NotALayerError as error:
            raise listed_error(part, name, error) from None
        return value(result)

    calls: Any = SimpleNamespace(**{name: partial(call, name) for name in children})
    try:
        output: V = part.forward(calls, *xs)
    except AttributeError as error:
        if error.obj is calls:
            raise missing_layer(error, children) from error
        raise
    if output is None:
        raise forward_error(part)
    if None in results.values():
        unused = ", ".join(name for name, result in results.items() if result is None)
        raise AssertionError(f"layers never called: {unused}")
    return output, results


def _run_chain(
    reading: Reading[T, V, R], children: Mapping[str, T], x: V
) -> tuple[V, dict[str, R]]:
    results: dict[str, R] = {}
    visit, value, repeats = reading.visit, reading.value, reading.repeats
    last: T | None = None
    taken: V | None = None
    result: R | None = None
    for name, child in children.items():
        if result is None or child is not last or x is not taken or not repeats:
            last, taken = child, x
            try:
                result = visit(child, (x,))
            except ShapeError as error:
                raise _below(name, error) from None
        results[name] = result
        x = value(result)
    return x, results


def _below(name: str, error: ShapeError) -> ShapeError:
    """Return the error of a child with the child's name in front of its path."""
    path = f"{name}.{error.path}" if error.path else name
    return ShapeError(error.message, path=path, hint=error.hint)
