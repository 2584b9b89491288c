"""The lowering of each leaf, from a formula to a module; a new file here is found by itself."""

from torch import nn

from designspace.layers.discover import import_all

import_all(__name__)


def lowered_modules() -> list[type[nn.Module]]:
    """The classes of this package that leaves become, beside torch's own."""
    queue: list[type[nn.Module]] = [nn.Module]
    found: dict[type[nn.Module], None] = {}
    while queue:
        for kind in queue.pop().__subclasses__():
            queue.append(kind)
            if kind.__module__.startswith(_ROOMS):
                found[kind] = None
    return list(found)


_ROOMS = (
    "designspace.compiler.lowerings",
    "designspace.compiler.modules",
    "designspace.compiler.pointwise",
    "designspace.compiler.depthwise",
)
