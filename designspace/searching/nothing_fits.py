"""The explanation when no network of a space is within its limits: the image size may be wrong.

Costs grow with the side of the image, so a space whose limits suit 224 pixels may contain no
network at 28.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from designspace.errors import DesignspaceError, InfeasibleError
from designspace.searching.proposers.pool import is_empty
from designspace.searching.proposers.proposer import base_point
from designspace.searching.request import Request

STEP = 4  # pixels between two sizes to try


@contextmanager
def sizes_blamed(request: Request) -> Generator[None]:
    """Add to an InfeasibleError in the context which size of image would help.

    Raises:
        InfeasibleError: The original error, with the size at which some network fits, if any.
    """
    try:
        yield
    except InfeasibleError as error:
        blame = _blame(request)
        if blame is None:
            raise
        raise InfeasibleError(f"{error}; {blame}") from None


def _blame(request: Request) -> str | None:
    """Return how the image size explains the error; None if the space's own size fails too."""
    size, own = request.data.image_size, _nominal(request)
    if size is None or own is None or size == own or not _fits(request, own):
        return None
    near = _nearest(request, size, own)
    kind = "smallest" if near > size else "largest"
    return (
        f"the data is the cause: the networks see images of {size}x{size}, and the space is "
        "made for "
        f"{own}x{own}; the {kind} input that works is {near}x{near} "
        f"(--recipe-set input_size={near})"
    )


def _nominal(request: Request) -> int | None:
    size: object = getattr(request.space.spec(base_point(request.space)), "input_size", None)
    return size if isinstance(size, int) else None


def _nearest(request: Request, fails: int, works: int) -> int:
    """Return the working size that is nearest to a failing one, in steps of `STEP` pixels."""
    while abs(works - fails) > STEP:
        middle = (works + fails) // 2 // STEP * STEP
        if middle in (works, fails):
            break
        if _fits(request, middle):
            works = middle
        else:
            fails = middle
    return works


def _fits(request: Request, size: int) -> bool:
    """Return whether a network (in an uncounted space: the base) is within the limits at a size."""
    there = replace(request, data=request.data.model_copy(update={"image_size": size}))
    try:
        empty = is_empty(there)
        if empty is not None:
            return not empty
        costs = there.cost(there.space.spec(base_point(there.space)))
    except DesignspaceError:
        return False
    return all(limit.broken_by(costs) is None for limit in there.space.limits)
