"""Plug-in files for tests, and the state that they leave behind, undone."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from designspace.plugins import inherited, loading
from tests.helpers.kinds import only_here

GATE = '''"""A gate over a depthwise context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from designspace.layers.leaves.convolution import Conv, Linear
from designspace.layers.feature import Feature
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import Mixer


class Gate(Mixer):
    """A context that is added, then projected."""

    kind: Literal["gate"] = "gate"
    kernel_size: int = 3

    def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:
        """Both."""
        context = Conv(at.width, self.kernel_size, groups=at.width)
        return {"context": context, "proj": Linear(at.width)}

    def forward(self, m: Children, x: Any) -> Any:
        """Join them."""
        return m.proj(x + m.context(x))
'''


def written(folder: Path, text: str = GATE, name: str = "gate.py") -> Path:
    """A plug-in file."""
    path = folder / name
    path.write_text(text)
    return path


def sha256(path: Path) -> str:
    """The hash by which data name a plug-in."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def no_plugins() -> Generator[None]:
    """Forget what is loaded within."""
    before = dict(loading.active())
    with only_here():
        try:
            yield
        finally:
            for name in loading.active().keys() - before.keys():
                sys.modules.pop(name, None)
            loading._active.clear()
            loading._active.update(before)
            os.environ.pop(inherited.VARIABLE, None)
