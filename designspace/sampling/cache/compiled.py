"""The tables of a space, compiled in an earlier run.

The results of each component, for all its values and input features, are kept as arrays in numpy's
own format without pickled objects (see `MadeTable` and `Column`). With these, a space is counted
and drawn from without reading or pricing a single part.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from typing_extensions import override

from designspace.sampling.cache import store
from designspace.sampling.cache.keys import key_of
from designspace.sampling.tables.chain import Chain
from designspace.sampling.tables.components import Column, Component, Made, MadeTable
from designspace.sampling.task import Task
from designspace.spec.space.axis import Axis


class StoredComponent(Component):
    """A component from its arrays, made completely in an earlier run."""

    def __init__(self, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Take facts about the axes and columns, and the arrays by name."""
        super().__init__(facts["axes"], facts["sizes"], [])
        self.columns = [
            Column(arrays[f"values{i}"].astype(np.int32), arrays[f"which{i}"].astype(np.int64))
            for i in range(facts["columns"])
        ]
        self.depths = arrays["depths"].astype(np.int32)
        self.depth_of = arrays["depth_of"].astype(np.int32)
        self.made = MadeTable(
            keys=arrays["keys"].astype(np.int64),
            costs=arrays["costs"].astype(np.int64),
            out=arrays["out"].astype(np.int32),
            identity=arrays["identity"].astype(np.int64),
        )

    @override
    def _make(self, feature: int, *values: int) -> Made | None:
        raise AssertionError(f"features {feature} with values {values} were never made")


def with_chain(axes: Mapping[str, Axis], base: Any, task: Task, use: Callable[[Chain], Any]) -> Any:
    """Return the result of `use` for a space's chain, compiled in an earlier run or now.

    Args:
        axes: Axes as for `Chain`.
        base: Base as for `Chain`.
        task: Task as for `Chain`.
        use: Function of the chain. It must make everything that any network needs, because the
            tables are kept after it.

    Raises:
        TooLargeError: `Chain` or `use` raises it.
    """
    key = key_of(axes, base, task, "tables")
    known = _read(key) if key else []
    chain = Chain(axes, base, task, known)
    found = use(chain)
    if key and not known:
        store.write(key, _written(chain.components))
    return found


def _written(components: Sequence[Component]) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    facts: list[dict[str, Any]] = []
    for number, each in enumerate(components):
        facts.append({"axes": each.axes, "sizes": each.sizes, "columns": len(each.columns)})
        own: dict[str, np.ndarray] = {"depths": each.depths, "depth_of": each.depth_of}
        own |= {name: getattr(each.made, name) for name in MadeTable.__slots__}
        for i, column in enumerate(each.columns):
            own |= {f"values{i}": column.values, f"which{i}": column.which}
        arrays |= {f"{number}.{name}": _narrow(array) for name, array in own.items()}
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    content = io.BytesIO()
    np.savez(content, **arrays)  # pyright: ignore[reportArgumentType]: no name is an option's
    return content.getvalue()


def _narrow(array: np.ndarray) -> np.ndarray:
    """Return whole numbers in the smallest type that holds them."""
    ends = (int(array.min(initial=0)), int(array.max(initial=0)))
    return array.astype(np.result_type(*map(np.min_scalar_type, ends)))


def _read(key: str) -> list[Component]:
    """Return the components under a key; empty if they are missing or damaged."""
    content = store.read(key)
    if content is None:
        return []
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts: list[dict[str, Any]] = json.loads(arrays.pop("facts").tobytes())
        return [StoredComponent(each, _own(number, arrays)) for number, each in enumerate(facts)]
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile):
        return []


def _own(number: int, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{number}."
    return {
        name.removeprefix(start): each for name, each in arrays.items() if name.startswith(start)
    }
