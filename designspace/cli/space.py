"""`designspace space info`: how many networks a space has, what they cost, what its limits do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.options import ChannelsOption, ClassesOption, InputSizeOption, JsonOption

if TYPE_CHECKING:
    from designspace.algebra.describe import Description, Range
    from designspace.algebra.feasible import Feasible
    from designspace.algebra.space import Space

SpaceArgument = Annotated[
    str, typer.Argument(metavar="SPACE", help="A catalog name or a YAML file of a space.")
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="LIMIT",
        help='As in "gmacs=4.5+-1%" or "params<=30M"; repeatable. '
        "Takes the place of the space's own limit on that cost.",
    ),
]

space = typer.Typer(help="What a space holds.", no_args_is_help=True, rich_markup_mode=None)


@space.callback()
def only_info() -> None:
    """What a space holds."""


@space.command()
def info(
    space: SpaceArgument,
    limit: LimitOption = None,
    input_size: InputSizeOption = None,
    in_channels: ChannelsOption = 3,
    num_classes: ClassesOption = 1000,
    as_json: JsonOption = False,
) -> None:
    """Count a space's networks and show what its limits and its axes do."""
    from designspace.algebra.describe import describe
    from designspace.algebra.space import load_space, with_limits
    from designspace.algebra.task import Task
    from designspace.cli.show import print_json

    found = load_space(space)
    size = input_size or found.base_network().input_size
    task = Task(size, in_channels, num_classes)
    limits = with_limits(found.limits, limit or [])
    feasible = found.counted(limits, task=task)
    said = describe(feasible)
    if as_json:
        print_json(_json(found, feasible, said))
    else:
        _print(found, feasible, said)


def _json(space: Space, feasible: Feasible, said: Description) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "name": space.name,
        "purpose": space.purpose,
        "base": space.base_network().name,
        "task": asdict(feasible.task),
        "combinations": space.size,
        **asdict(said),
    }


def _print(space: Space, feasible: Feasible, said: Description) -> None:
    from designspace.cli.show import percent, print_table

    task = feasible.task
    image = f"{task.input_size}x{task.input_size}x{task.in_channels}"
    typer.echo(f"{space.name}: {space.purpose}" if space.purpose else space.name)
    typer.echo(
        f"around {space.base_network().name}, at {image} and {task.num_classes} classes: "
        f"{len(feasible.axes)} axes, {space.size:,} combinations of labels\n"
    )
    typer.echo(f"distinct networks  {said.total:>26,}")
    if said.cuts:
        share = percent(said.count, said.total)
        typer.echo(f"within the limits  {said.count:>26,}  ({share})")
    ranges = [
        [cost, *_range(said.ranges[cost]), *_range(said.within.get(cost))] for cost in said.ranges
    ]
    print_table(["cost", "least", "most", "least within", "most within"], ranges)
    if said.cuts:
        cuts = [
            [cut.cost, _bound(cut.low), _bound(cut.high), f"{cut.kept:,}",
             percent(said.total - cut.kept, said.total)]
            for cut in said.cuts
        ]  # fmt: skip
        print_table(["limit on", "least", "most", "networks kept", "share cut"], cuts)
    _print_values(said)


def _print_values(said: Description) -> None:
    from designspace.cli.show import print_table

    rows = [
        [name, ", ".join(f"{v.label} {_share(v.share, v.feasible)}" for v in values)]
        for name, values in said.values.items()
    ]
    print_table(["axis", "values and their share of the networks within the limits"], rows,
                text_columns=2)  # fmt: skip
    if said.drawn < said.count:
        typer.echo(f"shares of {said.drawn:,} networks drawn uniformly, seed 0")


def _share(share: float, feasible: bool) -> str:
    if share:
        return f"{100 * share:.1f}%" if share >= 0.0005 else "<0.1%"
    return "rare" if feasible else "never"


def _range(found: Range) -> list[str]:
    return [f"{value:,}" for value in found] if found else ["-", "-"]


def _bound(value: int | None) -> str:
    return "any" if value is None else f"{value:,}"
