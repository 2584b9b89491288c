"""`designspace space info`: number of networks in a space, their costs, the effect of limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import ChannelsOption, ClassesOption, InputSizeOption, JsonOption

if TYPE_CHECKING:
    from designspace.sampling.describe import Description, Range, Seen
    from designspace.sampling.space import CountedSpace
    from designspace.sampling.task import Task

SpaceArgument = Annotated[
    str, typer.Argument(metavar="SPACE", help="A catalog name or a YAML file of a space.")
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="LIMIT",
        help='Limit on cost, such as "gmacs=4.5+-1%" or "params<=30M"; replaces the space\'s '
        "limit on that cost. Repeatable.",
    ),
]

space = typer.Typer(help="Describe a space.", rich_markup_mode=None)


@space.callback()
def only_info() -> None:
    """Describe a space."""


@space.command(
    short_help="Count the networks of a space and show the effect of its limits and axes."
)
def info(
    space: SpaceArgument,
    limit: LimitOption = None,
    input_size: InputSizeOption = None,
    in_channels: ChannelsOption = 3,
    num_classes: ClassesOption = 1000,
    as_json: JsonOption = False,
) -> None:
    """Count the networks of a space and show the effect of its limits and axes."""
    from designspace.cli.output.printing import print_json
    from designspace.sampling.described import describe_space
    from designspace.sampling.space import load_space, with_limits
    from designspace.sampling.task import Task

    found = load_space(space)
    size = input_size or found.base_network().input_size
    task = Task(size, in_channels, num_classes)
    said = describe_space(found, with_limits(found.limits, limit or []), task)
    if as_json:
        print_json(_json(found, task, said))
    else:
        _print(found, task, said)


def _json(space: CountedSpace, task: Task, said: Description) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "name": space.name,
        "purpose": space.purpose,
        "base": space.base_network().name,
        "task": asdict(task),
        "combinations": space.size,
        **asdict(said),
    }


def _print(space: CountedSpace, task: Task, said: Description) -> None:
    from designspace.cli.output.printing import print_wrapped
    from designspace.costing import BY_TORCH
    from designspace.sampling.space import any_opaque

    image = f"{task.input_size}x{task.input_size}x{task.in_channels}"
    typer.echo(f"{space.name}: {space.purpose}" if space.purpose else space.name)
    typer.echo(
        f"around {space.base_network().name}, at {image} and {task.num_classes} classes: "
        f"{len(space.axes)} axes, {space.size:,} combinations of labels\n"
    )
    _print_counts(said, "networks with recipes" if space.recipe_axes else "distinct networks")
    _print_ranges(said)
    _print_cuts(said)
    _print_values(said)
    if any_opaque(space):
        print_wrapped([BY_TORCH])


def _print_counts(said: Description, what: str) -> None:
    from designspace.cli.output.printing import percent

    total = "not counted" if said.total is None else f"{said.total:,}"
    typer.echo(f"{what:<22}{total:>23}")
    if said.seen:
        typer.echo(f"{'within the limits':<22}{'not counted':>23}")
        for line in _seen_lines(said.seen, all_seen=said.total is None):
            typer.echo(line)
    elif said.cuts and said.total:
        share = percent(said.count or 0, said.total)
        typer.echo(f"{'within the limits':<22}{said.count:>23,}  ({share})")


def _seen_lines(seen: Seen, *, all_seen: bool) -> list[str]:
    """Return why the networks are not counted, and which were looked at instead."""
    from designspace.cli.output.printing import percent

    lines = [f"not counted: {seen.reason}"]
    if all_seen:
        lines.append(
            f"sampled instead, not exact: {seen.networks:,} distinct networks from {seen.looked:,} "
            "points at random (labels drawn uniformly, seed 0), "
            f"{seen.kept:,} of them within the limits ({percent(seen.kept, seen.networks)})"
        )
    else:
        lines.append(
            f"sampled instead, not exact: of {seen.looked:,} networks drawn uniformly within "
            f"two of the limits (seed 0), {seen.kept:,} are within the third "
            f"({percent(seen.kept, seen.looked)})"
        )
    return lines


def _print_ranges(said: Description) -> None:
    from designspace.cli.output.printing import print_table

    mark = "~" if said.total is None else ""
    ranges = [
        [
            cost,
            *_range(said.ranges[cost], mark),
            *(
                _range(said.within[cost])
                if cost in said.within
                else _range(said.within_seen.get(cost), "~")
            ),
        ]
        for cost in said.ranges
    ]
    print_table(["cost", "least", "most", "least within", "most within"], ranges)
    if said.within_seen:
        why = (
            ""
            if said.seen
            else "; exact ranges need at most two limited costs, and this is a third"
        )
        typer.echo(
            f"~ range in a sample of {said.drawn:,} networks: the true range may be wider{why}"
        )


def _print_cuts(said: Description) -> None:
    from designspace.cli.output.printing import percent, print_table

    if not said.cuts:
        return
    whole = said.total or (said.seen.networks if said.seen else 0)
    cuts = [
        [
            cut.cost,
            _bound(cut.low),
            _bound(cut.high),
            f"{cut.kept:,}",
            percent(whole - cut.kept, whole),
        ]
        for cut in said.cuts
    ]
    kept = "networks kept" if said.total else "kept of those seen"
    print_table(["limit on", "least", "most", kept, "share cut"], cuts)


def _print_values(said: Description) -> None:
    from designspace.cli.output.printing import print_table

    if not said.drawn:
        typer.echo("the sample has no network within the limits, so it says nothing about the axes")
        return
    rows = [[name, ", ".join(_shares(said, name))] for name in said.values]
    shares = "values and their share of the networks within the limits"
    print_table(["axis", shares], rows, text=("axis", shares))
    if any(said.idle.values()):
        typer.echo("idle: the share of networks in which the axis has no effect")
    if said.seen:
        typer.echo(f"shares of the {said.drawn:,} sampled networks within the limits")
    elif said.drawn < (said.count or 0):
        typer.echo(f"shares of {said.drawn:,} networks drawn uniformly, seed 0")


def _shares(said: Description, name: str) -> list[str]:
    """Return each label with its share, and last the share of networks with an idle axis."""
    never = "not seen" if said.seen else "never"
    found = [f"{v.label} {_share(v.share, 'rare' if v.feasible else never)}"
             for v in said.values[name]]  # fmt: skip
    idle = said.idle.get(name, 0.0)
    return [*found, f"idle {_share(idle, '')}"] if idle else found


def _share(share: float, none: str) -> str:
    if share:
        return f"{100 * share:.1f}%" if share >= 0.0005 else "<0.1%"
    return none


def _range(found: Range, mark: str = "") -> list[str]:
    return [f"{mark}{value:,}" for value in found] if found else ["-", "-"]


def _bound(value: int | None) -> str:
    return "any" if value is None else f"{value:,}"
