"""A space that can be counted and drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from designspace.algebra.bounds import bounds_of
from designspace.algebra.chain import Chain
from designspace.algebra.feasible import Draw, Feasible
from designspace.algebra.networks import Networks, networks
from designspace.algebra.task import Task
from designspace.spec import space as spaces
from designspace.spec.limits import Limit
from designspace.spec.network import Network
from designspace.spec.space import Point


@dataclass(frozen=True, slots=True)
class Sample:
    """A network of a space.

    Attributes:
        point: Its labels.
        spec: The network.
        params: Learnable parameters.
        macs: Multiply-adds.
        acts: Output elements.
    """

    point: Point
    spec: Network
    params: int
    macs: int
    acts: int


class Space(spaces.Space):
    """A space whose networks can be counted and drawn, exactly, within limits on cost."""

    _networks: dict[Task, Networks] = PrivateAttr(default_factory=dict[Task, Networks])

    def feasible(
        self, limits: Iterable[Limit] | None = None, *, task: Task | None = None
    ) -> Feasible:
        """The networks within limits.

        Args:
            limits: Limits on cost; those of the space by default.
            task: What networks are costed on; by default the base's image size, three channels and
                1000 classes.

        Raises:
            TooLargeError: The space does not decompose, and is too large to be listed.
        """
        bounds = bounds_of(self.limits if limits is None else limits)
        task = task or Task(self.base_network().input_size)
        if task not in self._networks:
            self._networks[task] = networks(Chain(self.axes, self.base_data, task))
        return Feasible(self.axes, task, bounds, self._networks[task])

    def count(self, limits: Iterable[Limit] | None = None, *, task: Task | None = None) -> int:
        """How many distinct networks lie within the limits; arguments as of `feasible`."""
        return self.feasible(limits, task=task).count

    def sample(
        self,
        n: int,
        seed: int = 0,
        *,
        limits: Iterable[Limit] | None = None,
        task: Task | None = None,
        stratify: str | None = None,
    ) -> list[Sample]:
        """Distinct networks within the limits, each as likely as any other.

        Arguments as of `feasible` and of `Feasible.draw`.
        """
        return self.samples(self.feasible(limits, task=task).draw(n, seed, stratify=stratify))

    def samples(self, draw: Draw) -> list[Sample]:
        """The networks of a draw, made."""
        rows = zip(draw.points(), draw.params, draw.macs, draw.acts, strict=True)
        return [
            Sample(point, self.spec(point), int(params), int(macs), int(acts))
            for point, params, macs, acts in rows
        ]


def load_space(source: str | Path | Mapping[str, Any]) -> Space:
    """A space from a catalog name, a YAML file or plain data.

    Raises:
        InputError: What is wrong, with its file, line and path.
    """
    return spaces.load_space(source, Space)
