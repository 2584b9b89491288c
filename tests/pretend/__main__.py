"""Print what a training step asks of a GPU: `python -m tests.pretend NETWORK RECIPE`.

Launches, host syncs and copies per phase of one step, counted on the pretend GPU. Example:

    python -m tests.pretend convnext_proxy convnext_1k --side 32 --batch-size 64
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import torch
import yaml

from designspace.spec.network.load import load
from designspace.spec.recipe.recipe import load_recipe
from tests.pretend.training import noise, run_of, streamed, table, train


def main() -> None:
    """Train a few steps and print the table."""
    options = _options()
    torch.set_num_threads(1)
    recipe = load_recipe(
        options.recipe,
        {"batch_size": options.batch_size, **_changes(options.recipe_set)},
    )
    network = load(options.network, _changes(options.set))
    with tempfile.TemporaryDirectory() as folder:
        count = options.batch_size * options.steps * 16 // 9 + 16  # 9/16 are trained on
        make = streamed if options.streamed else noise
        data = make(options.side, count, options.classes, Path(folder))
        print(table(train(lambda: run_of(network, recipe, data, Path(folder)))))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.pretend", description=__doc__)
    parser.add_argument("network")
    parser.add_argument("recipe")
    parser.add_argument("--side", type=int, default=32, help="pixels (default: 32)")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--streamed", action="store_true", help="read the images from files")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE")
    parser.add_argument("--recipe-set", action="append", default=[], metavar="PATH=VALUE")
    return parser.parse_args()


def _changes(given: list[str]) -> dict[str, Any]:
    return {path: yaml.safe_load(value) for path, value in (each.split("=", 1) for each in given)}


main()
