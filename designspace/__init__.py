"""Declarative architecture search and design spaces for vision backbones.

The verbs of the command line are functions here: `load`, `cost`, `build`, `diff`, `ladder`,
`space`, `train`, `search`, `study`, `report`, `compare`, `bench`, `verify`, `export`. `dir()` lists
them. Each one is imported on first use, so `import designspace` is quick. The page of
`designspace.api` shows how they work together.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designspace.api.study import study as study
    from designspace.api.verbs import bench as bench
    from designspace.api.verbs import report as report
    from designspace.api.verbs import search as search
    from designspace.api.verbs import train as train
    from designspace.comparison import compare as compare
    from designspace.compiler import build as build
    from designspace.compiler import torchvision_backbone as torchvision_backbone
    from designspace.costing import cost as cost
    from designspace.exporting import export as export
    from designspace.naming import diff as diff
    from designspace.naming import load as load
    from designspace.plugins import use_plugin as use_plugin
    from designspace.sampling.space import load_space as space
    from designspace.spec import Network as Network
    from designspace.spec.ladder import load_ladder as ladder
    from designspace.verification import verify as verify
    from designspace.weights import load_weights as load_weights
    from designspace.weights import save_weights as save_weights

__version__ = "0.1.0"

if "DESIGNSPACE_LOADED_PLUGINS" in os.environ:  # a child of a process that has plug-ins
    import_module("designspace.plugins.inherited").install()

_HOMES = {
    "Network": "designspace.spec",
    "bench": "designspace.api.verbs",
    "build": "designspace.compiler",
    "compare": "designspace.comparison",
    "cost": "designspace.costing",
    "diff": "designspace.naming",
    "export": "designspace.exporting",
    "ladder": "designspace.spec.ladder",
    "load": "designspace.naming",
    "load_weights": "designspace.weights",
    "report": "designspace.api.verbs",
    "save_weights": "designspace.weights",
    "search": "designspace.api.verbs",
    "space": "designspace.sampling.space",
    "study": "designspace.api.study",
    "torchvision_backbone": "designspace.compiler",
    "train": "designspace.api.verbs",
    "use_plugin": "designspace.plugins",
    "verify": "designspace.verification",
}
_ROOMS = ("zero_cost",)  # packages whose functions are called with the package's name before theirs
_NAMES = {"ladder": "load_ladder", "space": "load_space"}  # if the name in the package differs

__all__ = [
    "Network",
    "bench",
    "build",
    "compare",
    "cost",
    "diff",
    "export",
    "ladder",
    "load",
    "load_weights",
    "report",
    "save_weights",
    "search",
    "space",
    "study",
    "torchvision_backbone",
    "train",
    "use_plugin",
    "verify",
]


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS, "__version__"})


def __getattr__(name: str) -> Any:
    """Import a public name from the package that defines it."""
    if name in _ROOMS:
        return import_module(f"designspace.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'designspace' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), _NAMES.get(name, name))
