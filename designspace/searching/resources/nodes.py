"""How many trials fit on the nodes where they run.

A trial runs on one node, and on one GPU of it or a share of one. So the trials are counted per
node and per GPU: with 0.4 of a GPU each, two fit on a GPU and four on two GPUs, not five; and
four CPUs on each of two nodes hold no trial that asks for eight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from designspace.errors import InputError
from designspace.searching.request import Resources

_ROUNDING = 1e-6  # 1 / 0.1 is 10, whatever the last digit of 0.1 is


@dataclass(frozen=True, slots=True)
class Node:
    """A machine, by what it has for trials."""

    cpus: float
    gpus: float

    def slots(self, asked: Resources) -> int:
        """How many trials fit on this node."""
        by_cpu = int(self.cpus // asked.cpus)
        return min(by_cpu, int(self.gpus) * per_gpu(asked.gpus)) if asked.gpus else by_cpu

    def __str__(self) -> str:
        return f"{_count(self.cpus, 'CPU')} and {_count(self.gpus, 'GPU')}"


def per_gpu(share: float) -> int:
    """How many trials fit on one GPU, each with such a share of it; 0 if one trial needs more."""
    return math.floor(1 / share + _ROUNDING)


@dataclass(frozen=True, slots=True)
class Available:
    """CPUs and GPUs that the trials of a study may use.

    Attributes:
        place: Where, in words: "this machine", or a cluster by its address.
        nodes: The machines.
    """

    place: str
    nodes: tuple[Node, ...]

    @property
    def gpus(self) -> float:
        """GPUs of all nodes."""
        return sum(node.gpus for node in self.nodes)

    def slots(self, asked: Resources) -> int:
        """How many trials run at a time; 0 if not even one fits."""
        return sum(node.slots(asked) for node in self.nodes)

    def require(self, asked: Resources) -> int:
        """The slots, of which there must be at least one.

        Raises:
            InputError: No node has what one trial asks for.
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
        """What the place has of something, at most on one node."""
        if len(self.nodes) == 1:
            return f"{self.place} has {most:g}"
        return f"{self.place} has at most {most:g} on one of its {len(self.nodes)} nodes"


def _count(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
