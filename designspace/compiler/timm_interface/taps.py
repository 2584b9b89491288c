"""A run of a network that keeps the outputs of some of its modules, without hooks.

Hooks would be state of the network, shared by its threads and its compiled forms. A part's
`forward` takes any object with the names of its layers, so a stand-in that keeps outputs is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from torch import Tensor, nn

from designspace.compiler.build import PartModule
from designspace.layers.part import Children

Run = Callable[[nn.Module, Tensor], Tensor]


class Replaced:
    """A module's children, some of them replaced with other callables."""

    def __init__(self, module: nn.Module, others: dict[str, Callable[..., Any]]) -> None:
        self._module, self._others = module, others

    def __getattr__(self, name: str) -> Any:
        return self._others[name] if name in self._others else getattr(self._module, name)


class Taps:
    """One run that keeps the outputs of named modules.

    Attributes:
        kept: Outputs so far by dotted name, in the order of the run.
    """

    def __init__(self, names: set[str], run: Run, *, stop_early: bool = False) -> None:
        """Prepare a run.

        Args:
            names: Dotted names of the modules whose outputs are kept.
            run: Function that calls a module without kept modules inside, such as with gradient
                checkpointing.
            stop_early: Whether to skip the rest of a chain once everything is kept.
        """
        self.kept: dict[str, Tensor] = {}
        self._names, self._run, self._stop = names, run, stop_early

    @property
    def done(self) -> bool:
        """Whether the rest of the network can be skipped."""
        return self._stop and len(self.kept) == len(self._names)

    def __call__(self, name: str, module: nn.Module, x: Tensor) -> Tensor:
        """Run a module of this dotted name, and keep its output if requested."""
        inside = [child for child, _ in module.named_children() if self._holds(f"{name}.{child}")]
        if not inside:
            y = self._run(module, x)
        elif isinstance(module, PartModule):
            children = {child: self._child(name, module, child) for child in inside}
            y = module.part.forward(cast("Children", Replaced(module, children)), x)
        else:
            y = self._chain(name, module, x)
        if name in self._names:
            self.kept[name] = y
        return y

    def _chain(self, name: str, chain: nn.Module, x: Tensor) -> Tensor:
        for child, module in chain.named_children():
            if self.done:
                break
            x = self(f"{name}.{child}", module, x)
        return x

    def _child(self, name: str, module: nn.Module, child: str) -> Callable[[Tensor], Tensor]:
        return partial(self, f"{name}.{child}", module.get_submodule(child))

    def _holds(self, name: str) -> bool:
        return any(kept == name or kept.startswith(f"{name}.") for kept in self._names)
