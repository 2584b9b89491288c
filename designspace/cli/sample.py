"""`designspace sample`: draw distinct networks of a space within limits, all equally likely."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import ChannelsOption, ClassesOption, InputSizeOption, JsonOption
from designspace.cli.space import LimitOption, SpaceArgument

if TYPE_CHECKING:
    from designspace.sampling.feasible import Draw
    from designspace.sampling.population import About
    from designspace.sampling.rejection import Limited
    from designspace.sampling.space import CountedSpace, Sample
    from designspace.sampling.task import Task

_SHOWN, _MOST = 20, 10_000_000


class Strata(StrEnum):
    """Costs along which a draw can be spread."""

    params = "params"
    macs = "macs"
    gmacs = "gmacs"
    acts = "acts"


def sample(
    space: SpaceArgument,
    n: Annotated[int, typer.Option("-n", min=1, help="Number of networks.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    limit: LimitOption = None,
    stratify: Annotated[
        Strata | None, typer.Option(help="Spread the networks evenly along this cost.")
    ] = None,
    cost_only: Annotated[
        bool,
        typer.Option("--cost-only", help="Draw labels and costs only, without building specs."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A .parquet or .csv file, or a new directory for one YAML file per network."
        ),
    ] = None,
    input_size: InputSizeOption = None,
    in_channels: ChannelsOption = 3,
    num_classes: ClassesOption = 1000,
    as_json: JsonOption = False,
) -> None:
    """Draw distinct networks of a space, uniformly within limits on cost."""
    from designspace.cli.output.printing import print_json
    from designspace.errors import InputError
    from designspace.sampling.population import check_path, write_population, write_specs
    from designspace.sampling.space import load_space, with_limits
    from designspace.sampling.task import Task

    folder = out is not None and not out.suffix
    if out is not None:
        check_path(out)
    if folder and cost_only:
        raise InputError(
            "--cost-only builds no specs, so there is nothing to write to a folder", path="--out"
        )
    found = load_space(space)
    size = input_size or found.base_network().input_size
    task = Task(size, in_channels, num_classes)
    limited = found.not_empty(found.feasible(with_limits(found.limits, limit or []), task=task))
    along = "macs" if stratify == Strata.gmacs else stratify and stratify.value
    draw = _drawn(found, limited, n, seed, along)
    samples = None if cost_only else found.samples(draw)
    if out is not None and folder:
        write_specs(out, found.name, [each.spec for each in samples or []])
    elif out is not None:
        digests = [each.spec.digest for each in samples] if samples else None
        write_population(out, draw, _about(found, limited, task, seed, along), digests)
    if as_json:
        print_json(_json(found, limited, draw, samples))
    else:
        _print(found, limited, draw, samples, n)
        if out is not None:
            typer.echo(f"{len(draw):,} networks -> {out}")


def _drawn(space: CountedSpace, limited: Limited, n: int, seed: int, along: str | None) -> Draw:
    from designspace.errors import InfeasibleError, InputError

    wanted = n if limited.count is None else min(n, limited.count)
    if wanted > _MOST:
        raise InputError(f"{wanted:,} networks at once are too many; up to {_MOST:,}", path="-n")
    draw = limited.draw(wanted, seed, stratify=along)
    if not len(draw):
        raise InfeasibleError(f"space {space.name}: no network was found; {_told(limited, 0, n)}")
    return draw


def _about(
    space: CountedSpace, limited: Limited, task: Task, seed: int, stratified: str | None
) -> About:
    from designspace import __version__
    from designspace.sampling.count.bounds import limits_of
    from designspace.sampling.population import About

    return About(
        space=space.name,
        purpose=space.purpose,
        digest=space.digest,
        limits=limits_of(limited.bounds),
        task=task,
        seed=seed,
        stratified=stratified,
        total=limited.total,
        count=limited.count,
        acceptance=getattr(limited, "acceptance", None),
        version=__version__,
        command=("designspace", *sys.argv[1:]),
    )


def _json(
    space: CountedSpace, limited: Limited, draw: Draw, samples: list[Sample] | None
) -> dict[str, Any]:
    networks: list[dict[str, Any]] = []
    rows = zip(draw.points(), draw.params, draw.macs, draw.acts, strict=True)
    for number, (point, params, macs, acts) in enumerate(rows):
        made = {"digest": samples[number].spec.digest} if samples else {}
        costs = {"params": int(params), "macs": int(macs), "acts": int(acts)}
        networks.append({**made, "point": point, **costs})
    facts = {"total": limited.total, "count": limited.count}
    if (acceptance := getattr(limited, "acceptance", None)) is not None:
        facts["acceptance"] = acceptance
    return {"space": space.name, **facts, "networks": networks}


def _print(
    space: CountedSpace, limited: Limited, draw: Draw, samples: list[Sample] | None, n: int
) -> None:
    from designspace.cli.output.printing import print_table, print_wrapped
    from designspace.costing import BY_TORCH, DAGGER, lacks_formula
    from designspace.reporting.drawing.numbers import macs_column

    points = list(draw.head(_SHOWN).points())
    unit, macs = macs_column([int(draw.macs[number]) for number in range(len(points))])
    rows = [
        [_name(samples, row), f"{draw.params[row]:,}", macs[row], f"{draw.acts[row] / 1e6:.3f}"]
        for row in range(len(points))
    ]
    by_torch = [lacks_formula(partial(space.spec, point)) for point in points]
    for row, marked in zip(rows, by_torch, strict=True):
        row[1] += DAGGER * marked
    columns, more = ["network", "params", unit, "acts (M)"], list[str]()
    if samples:
        columns.append("choices")
        for row, point in zip(rows, points, strict=True):
            row.append(", ".join(f"{name} {label}" for name, label in point.items()))
    else:
        more.append("the choices of each network are in --json and --out")
    print_table(columns, rows, title=space.name, text=("network", "choices"))
    if len(draw) > _SHOWN:
        more.insert(0, f"... and {len(draw) - _SHOWN:,} more; --out writes them all")
    more += [BY_TORCH] if any(by_torch) else []
    print_wrapped([*more, _told(limited, len(draw), n)])


def _name(samples: list[Sample] | None, number: int) -> str:
    """Return the beginning of a network's digest, or else its number in the draw, from 1."""
    return samples[number].spec.digest[:8] if samples else str(number + 1)


def _told(limited: Limited, drawn: int, n: int) -> str:
    """Return how many networks there are, and what this means for the draw."""
    if limited.count is not None:
        told = f"{limited.count:,} of {limited.total:,} networks are within the limits"
        return (
            f"{told}; -n {n:,} asks for more, so each of them is listed once" if drawn < n else told
        )
    acceptance = getattr(limited, "acceptance", None) or 0.0
    told = (
        f"not counted ({limited.reason}); {100 * acceptance:.2g}% of the sampled points were kept"
    )
    return f"{told}; no more than these {drawn:,} were found" if 0 < drawn < n else told
