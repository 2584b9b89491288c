"""The number of trials that fit on the nodes.

A trial runs on one node, and on one GPU of it or a share of one. The trials are therefore counted
per node and per GPU: with 0.4 of a GPU each, two fit on one GPU and four on two GPUs, not five; and
four CPUs on each of two nodes hold no trial that asks for eight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from designspace.errors import InputError
from designspace.searching.request import Resources

_ROUNDING = 1e-6  # so that 1 / 0.1 counts as 10 despite rounding errors


@dataclass(frozen=True, slots=True)
class Node:
    """A machine, with its CPUs and GPUs for trials."""

    cpus: float
    gpus: float

    def slots(self, asked: Resources) -> int:
        """Return the number of trials that fit on this node."""
        by_cpu = int(self.cpus // asked.cpus)
        return min(by_cpu, int(self.gpus) * per_gpu(asked.gpus)) if asked.gpus else by_cpu

    def __str__(self) -> str:
        return f"{_count(self.cpus, 'CPU')} and {_count(self.gpus, 'GPU')}"


def per_gpu(share: float) -> int:
    """Return how many trials fit on one GPU, each with this share; 0 for a share above 1."""
    return math.floor(1 / share + _ROUNDING)


@dataclass(frozen=True, slots=True)
class Available:
    """CPUs and GPUs that the trials of a study may use.

    Attributes:
        place: Name of the place in words: "this machine", or a cluster by its address.
        nodes: Machines.
    """

    place: str
    nodes: tuple[Node, ...]

    @property
    def gpus(self) -> float:
        """Number of GPUs of all nodes."""
        return sum(node.gpus for node in self.nodes)

    def slots(self, asked: Resources) -> int:
        """Return the number of trials that run at a time; 0 if not even one fits."""
        return sum(node.slots(asked) for node in self.nodes)

    def require(self, asked: Resources) -> int:
        """Return the number of slots, which must be at least one.

        Raises:
            InputError: No node has the resources that one trial asks for.
        """
        found = self.slots(asked)
        if found:
            return found
        cpus = max((node.cpus for node in self.nodes), default=0)
        gpus = max((node.gpus for node in self.nodes), default=0)
        if asked.cpus > cpus:
            said = f"a trial asks for {_count(asked.cpus, 'CPU')}, and {self._has(cpus)}"
            raise InputError(said, path="--cpus-per-trial")
        if asked.gpus > gpus:
            said = f"a trial asks for {_count(asked.gpus, 'GPU')}, and {self._has(gpus)}"
            said = said if gpus else f"no CUDA device here: {said}"
            raise InputError(said, path="--gpus-per-trial", hint="--device cpu trains without one")
        raise InputError(
            f"a trial asks for {_count(asked.cpus, 'CPU')} and {_count(asked.gpus, 'GPU')} of one "
            f"node, and no node of {self.place} has both ({', '.join(map(str, self.nodes))})",
            path="--cpus-per-trial",
        )

    def _has(self, most: float) -> str:
        """Return the largest amount of a resource on one node, as part of a sentence."""
        if len(self.nodes) == 1:
            return f"{self.place} has {most:g}"
        return f"{self.place} has at most {most:g} on one of its {len(self.nodes)} nodes"


def _count(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
