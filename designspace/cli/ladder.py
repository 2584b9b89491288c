"""`designspace ladder`: cost and published gain of each decision, and whether it is resolved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import JsonOption

if TYPE_CHECKING:
    from designspace.comparison.terms import Confounder
    from designspace.costing import CostTable
    from designspace.spec.ladder import Ladder, ReferenceNetwork, Step
    from designspace.statistics.welch import Difference

_SIDE = "  "
_LEGEND = (
    "indented: tried, not adopted; each row starts from the last adopted one above it",
    "printed: GMACs as published, * if our count differs",
    "≠0: whether the delta is resolved: its interval (Welch's t) excludes 0; - not known;",
    "    r: not comparable as networks, since the recipe changes too",
)


@dataclass(frozen=True)
class _Row:
    """A step with its cost and its gain over the step that it starts from."""

    step: Step
    cost: CostTable
    delta: float | None
    interval: Difference | None
    confounders: tuple[Confounder, ...]


def ladder(
    name: Annotated[str, typer.Argument(metavar="LADDER", help="A catalog name or a YAML file.")],
    as_json: JsonOption = False,
) -> None:
    """Show a ladder: one decision per row, with its cost and its published gain."""
    from designspace.cli.output.printing import print_json
    from designspace.costing import cost
    from designspace.spec.ladder import load_ladder

    found = load_ladder(name)
    rows = [
        _Row(step, cost(step.spec), *_gain(found.start(step), step), _confounded(found, step))
        for step in found.steps
    ]
    if as_json:
        print_json(_json(found, rows))
    else:
        _print(found, rows)


def _gain(before: Step | None, after: Step) -> tuple[float | None, Difference | None]:
    """Return the published delta and, if both spreads are known, its interval."""
    from designspace.statistics.welch import Sample, difference

    if before is None or before.published.top1 is None or after.published.top1 is None:
        return None, None
    samples = [
        Sample(result.top1 or 0.0, result.std, result.seeds)
        for result in (before.published, after.published)
        if result.std is not None and result.seeds is not None and result.seeds > 1
    ]
    delta = round(after.published.top1 - before.published.top1, 10)
    return delta, difference(samples[0], samples[1]) if len(samples) == 2 else None


def _confounded(found: Ladder, step: Step) -> tuple[Confounder, ...]:
    """Return the differences in training between a step and the step that it starts from."""
    from designspace.comparison.terms import confounders, recipe_terms

    before = found.start(step)
    recipes = [each.recipe for each in (before, step) if each and each.recipe]
    if len(recipes) < 2:
        return ()
    return confounders(*(recipe_terms(recipe.plain()) for recipe in recipes))


def _print(found: Ladder, rows: list[_Row]) -> None:
    from designspace.cli.output.printing import PAGE, print_table, print_wrapped
    from designspace.costing import BY_TORCH, cost
    from designspace.reporting.drawing.numbers import MACS_NOTE, macs_column

    rivals = [cost(other.spec) if other.spec else None for other in found.references]
    tables = [*(row.cost for row in rows), *rivals]
    unit, macs = macs_column([table and table.macs for table in tables])
    columns = ["decision", "params", unit, "printed", "top-1", "±", "delta", "95 % interval", "≠0"]
    cells = [_cells(row) for row in rows]
    cells += [_rival_cells(*both) for both in zip(found.references, rivals, strict=True)]
    lines = [[*row[:2], cell, *row[2:]] for row, cell in zip(cells, macs, strict=True)]
    optional = ["printed", "±", "params", "95 % interval"]
    print_table(columns, lines, title=f"{found.name} ({found.source})", optional=optional)
    marks = [BY_TORCH] if any(row.cost.by_torch for row in rows) else []
    print_wrapped([*_LEGEND, MACS_NOTE, *marks, *_notes(found, rows)], in_pipe=PAGE)


def _cells(row: _Row) -> list[str]:
    from designspace.costing import DAGGER

    step, published, interval = row.step, row.step.published, row.interval
    return [
        (_SIDE if step.side else "") + step.name,
        f"{row.cost.params:,}{DAGGER * row.cost.by_torch}",
        ("*" if _slipped(row) else "") + _number(published.gmacs),
        _number(published.top1),
        _number(published.std),
        "" if row.delta is None else f"{row.delta:+.2f}",
        "" if interval is None else f"{interval.low:+.2f} {interval.high:+.2f}",
        "" if row.delta is None else _verdict(row),
    ]


def _rival_cells(other: ReferenceNetwork, table: CostTable | None) -> list[str]:
    params = f"{table.params:,}" if table else "-"
    return [other.name, params, _number(other.published.gmacs), _number(other.published.top1)]


def _notes(found: Ladder, rows: list[_Row]) -> list[str]:
    """Return what is confounded, wrong or unknown, one paragraph per note."""
    said = [
        (f"{row.step.name}, recipe", "; ".join(map(str, row.confounders)))
        for row in rows
        if row.confounders
    ]
    said += [(step.name, step.note) for step in found.steps if step.note]
    said += [(f"{step.name}, unknown", step.unknown) for step in found.steps if step.unknown]
    said += [(other.name, other.note) for other in found.references if other.note]
    said += [("throughout", note) for note in found.notes]
    return [""] * bool(said) + [f"- {name}: {text}" for name, text in said]


def _slipped(row: _Row) -> bool:
    from designspace.spec.documents.published import rounds_to

    printed = row.step.published.gmacs
    return printed is not None and not rounds_to(row.cost.macs / 1e9, printed)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _verdict(row: _Row) -> str:
    if row.confounders:
        return "r"
    if row.interval is None:
        return "-"
    return "yes" if row.interval.resolved else "no"


def _json(found: Ladder, rows: list[_Row]) -> dict[str, Any]:
    return {
        "name": found.name,
        "purpose": found.purpose,
        "source": found.source,
        "steps": [_step_json(row) for row in rows],
        "references": [_rival_json(other) for other in found.references],
        "notes": list(found.notes),
    }


def _rival_json(other: ReferenceNetwork) -> dict[str, Any]:
    from designspace.costing import cost

    table = cost(other.spec) if other.spec else None
    return {
        "name": other.name,
        "params": table and table.params,
        "macs": table and table.macs,
        "published": other.published.model_dump(mode="json"),
        "note": other.note or None,
    }


def _step_json(row: _Row) -> dict[str, Any]:
    step, interval = row.step, row.interval
    return {
        "name": step.name,
        "decision": list(step.decision),
        "reason": step.reason,
        "side": step.side,
        "start": step.start,
        "digest": step.spec.digest,
        "recipe": step.recipe.name if step.recipe else None,
        "params": row.cost.params,
        "macs": row.cost.macs,
        "counted_by_torch": row.cost.by_torch,
        "published": step.published.model_dump(mode="json"),
        "printed_macs_agree": None if step.published.gmacs is None else not _slipped(row),
        "delta": row.delta,
        "confounders": [asdict(each) for each in row.confounders],
        "interval": None if interval is None else [interval.low, interval.high],
        "resolved": None if interval is None else interval.resolved,
        "note": step.note or None,
        "unknown": step.unknown or None,
    }
