"""Torch's optimizers without torch's compiler, whose import takes longer than that of torch.

Torch wraps the methods of an optimizer so that `torch.compile` skips them, and each wrapper imports
the compiler (`torch._dynamo`, with sympy) at its first call. A training may compile its network but
never its optimizer, so these classes call the methods inside the wrappers.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.optim import SGD, AdamW, Optimizer
from typing_extensions import override


class _Eager(Optimizer):
    """Torch's methods without their wrappers."""

    @override
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """See torch."""
        inspect.unwrap(Optimizer.add_param_group)(self, param_group)

    @override
    def zero_grad(self, set_to_none: bool = True) -> None:
        """See torch."""
        inspect.unwrap(Optimizer.zero_grad)(self, set_to_none)

    @override
    def state_dict(self) -> dict[str, Any]:
        """See torch."""
        return inspect.unwrap(Optimizer.state_dict)(self)

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See torch."""
        inspect.unwrap(Optimizer.load_state_dict)(self, state_dict)


class EagerAdamW(_Eager, AdamW):
    """AdamW, each step equal to torch's."""

    step: Any = torch.no_grad()(inspect.unwrap(AdamW.step))


class EagerSgd(_Eager, SGD):
    """SGD with momentum, each step equal to torch's."""

    step: Any = torch.no_grad()(inspect.unwrap(SGD.step))
