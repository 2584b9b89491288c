"""The networks and ladder steps to verify, with the known numbers of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from designspace.naming import find_network
from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.spec.documents.published import Expected, Published
from designspace.spec.ladder import Ladder, load_ladder
from designspace.spec.network.network import Network


@dataclass(frozen=True, slots=True)
class Case:
    """A network and its known counts.

    Attributes:
        name: Name to ask for it: a network's name, or `ladder:step`.
        network: The network.
        expected: Its true counts; None if they are not known.
        published: Numbers printed about it.
    """

    name: str
    network: Network
    expected: Expected | None
    published: tuple[Published, ...]


def cases(names: Iterable[str] = ()) -> Iterator[Case]:
    """Yield the cases of the named networks and ladders; of everything that ships if none is named.

    Raises:
        InputError: A name belongs to neither a network nor a ladder.
    """
    ladders = catalog.names("search", "steps")
    named = list(names)
    for name in named or _with_facts():
        if name in ladders or _is_ladder_file(Path(name)):
            yield from _of_ladder(load_ladder(name))
            continue
        found = find_network(name)
        if found.sort == "ladder step":
            ladder, _, step = name.rpartition(":")
            yield from (c for c in _of_ladder(load_ladder(ladder)) if c.name.endswith(f":{step}"))
        else:
            yield Case(found.title, found.spec, found.spec.expected, found.spec.published)
    for name in [] if named else ladders:
        yield from _of_ladder(load_ladder(name))


def _with_facts() -> Iterator[str]:
    for name in catalog.names("specs"):
        network = load(name)
        if network.expected or network.published:
            yield name


def _is_ladder_file(path: Path) -> bool:
    return path.is_file() and catalog.holds(path, "steps")


def _of_ladder(ladder: Ladder) -> Iterator[Case]:
    for step in ladder.steps:
        printed = Published(
            top1=step.published.top1,
            resolution=step.spec.input_size,
            gmacs=step.published.gmacs,
            source=ladder.source or ladder.name,
            note=step.note or None,
        )
        yield Case(step.spec.name, step.spec, step.expected, (printed,))
