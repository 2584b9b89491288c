"""What each step takes in this package: load, compile and count, draw, make, price.

A fresh process a repeat: `python -m benchmarks.feasible.ours SEED` writes JSON on stdout.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.feasible.formula import cost

ARRAYS = 1_000_000
SPECS = 1_000


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, and the result."""
    began = time.process_time()
    result = what()
    return time.process_time() - began, result


def load() -> Any:
    """The space, the package's import included."""
    from benchmarks.feasible.space import sixteen

    return sixteen()


def compiled(space: Any) -> Callable[[np.ndarray], np.ndarray]:
    """What prices rows of labels: parameters, multiply-adds and activations, (n, 3)."""
    from designspace.sampling.tables.chain import Chain
    from designspace.sampling.task import Task

    return Chain(space.axes, space.base_data, Task()).costs


def check(space: Any, labels: np.ndarray, macs: np.ndarray, params: np.ndarray) -> None:
    """Hold the costs of every network against the benchmark's own formula."""
    choices = [np.array(list(axis.choices.values())) for axis in space.axes.values()]
    values = [each[column] for each, column in zip(choices, labels.T, strict=True)]
    expected = cost(values)
    if not ((expected[0] == macs).all() and (expected[1] == params).all()):
        raise SystemExit("the formula and the drawn costs disagree")


def main() -> None:
    """Each step once, in the order in which a user meets them."""
    seed = int(sys.argv[1])
    load_s, space = timed(load)
    count_s, feasible = timed(space.feasible)
    draw_s, draw = timed(lambda: feasible.draw(ARRAYS, seed))
    specs_s, _ = timed(lambda: space.samples(feasible.draw(SPECS, seed + 1)))
    sizes = [len(axis.choices) for axis in space.axes.values()]
    points = np.random.default_rng(seed).integers(sizes, size=(ARRAYS, len(sizes)))
    price = compiled(space)
    first_s, _ = timed(lambda: price(points))
    price_s, costs = timed(lambda: price(points))
    check(space, draw.labels, draw.macs, draw.params)
    check(space, points, costs[:, 1], costs[:, 0])
    result = {
        "count": feasible.count,
        "total": feasible.total,
        "import_and_load_s": load_s,
        "compile_and_count_s": count_s,
        "draw_n": len(np.unique(draw.labels, axis=0)),
        "draw_s": draw_s,
        "specs_n": SPECS,
        "specs_s": specs_s,
        "price_n": ARRAYS,
        "price_first_s": first_s,
        "price_s": price_s,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
