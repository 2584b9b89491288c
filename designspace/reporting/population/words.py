"""The texts of the population page: the origin of each population, and the results."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from designspace.reporting.drawing.numbers import UNKNOWN, count_of, decimals_for, fixed
from designspace.reporting.population.scales import Unit
from designspace.reporting.population.summary import Population, Populations
from designspace.sampling.population import About
from designspace.spec.space.limits import Limit

Fact = tuple[str, str]
SILENT = "The file does not say where its networks come from: no space, limits or seed are known."


def cost(unit: Unit, value: float) -> str:
    """Format a cost in its unit, to four digits."""
    scaled = value / unit.size
    return fixed(scaled, decimals_for([scaled], 4))


def headline(each: Population) -> str:
    """Describe a population in one sentence."""
    if each.about is None:
        return f"{count_of(each.n, 'network')} of an unknown space. {SILENT}"
    about = each.about
    within = " within limits" if about.limits else ""
    how = f"spread evenly along {about.stratified}" if about.stratified else "drawn at random"
    if about.count == each.n:
        how = "all there are"
    elif about.count is not None and not about.stratified:
        how = "drawn uniformly"
    of = "" if about.count is None else f" of {about.count:,}"
    return f"{count_of(each.n, 'network')}{of}{within} from the space {about.space}, {how}."


def origin(each: Population) -> list[Fact]:
    """List the facts about a population's origin, as its file states them."""
    if each.about is None:
        return [("file", each.file), ("networks", f"{each.n:,}"), ("origin", SILENT)]
    about = each.about
    return [
        ("file", each.file),
        ("space", f"{about.space or UNKNOWN} ({about.digest})"),
        ("purpose", about.purpose or UNKNOWN),
        ("limits", limits(about.limits) or "none"),
        ("networks", _of(each, about)),
        ("task", _task(about)),
        ("draw", _draw(about)),
        ("version", f"designspace {about.version}"),
        ("command", shlex.join(about.command) or UNKNOWN),
    ]


def limits(found: Sequence[Limit]) -> str:
    """Format limits as a person would write them, in whole numbers."""
    return "; ".join(map(_limit, found))


def _limit(limit: Limit) -> str:
    if limit.low is None:
        return f"{limit.cost} <= {limit.high:,}"
    if limit.high is None:
        return f"{limit.cost} >= {limit.low:,}"
    return f"{limit.low:,} <= {limit.cost} <= {limit.high:,}"


def _of(each: Population, about: About) -> str:
    parts = [f"{each.n:,}"]
    if about.count is not None:
        share = each.n / about.count if about.count else 0.0
        parts.append(f"of {about.count:,} within the limits ({100 * share:.3g} %)")
    if about.total is not None:
        parts.append(f"of {about.total:,} distinct networks in all")
    return ", ".join(parts)


def _task(about: About) -> str:
    task = about.task
    image = f"{task.input_size} x {task.input_size} pixels, {task.in_channels} channels"
    return f"{image}, {task.num_classes:,} classes"


def _draw(about: About) -> str:
    seed = f"seed {about.seed}"
    if about.stratified:
        return f"stratified along {about.stratified}, {seed}: not uniform over the networks"
    if about.count is not None:
        return f"uniform over the distinct networks within the limits, none twice, {seed}"
    kept = "" if about.acceptance is None else f"; {100 * about.acceptance:.3g} % were kept"
    return f"random points, kept if they are within the limits{kept}, {seed}"


def coverage(each: Population) -> list[str]:
    """Describe the result of the audit in sentences."""
    repeated = f"{100 * each.repeated / each.n:.3g} %"
    said = [f"Repeated networks: {each.repeated:,} of {each.n:,} ({repeated})."]
    if each.about and each.about.limits:
        said.append(f"Outside the limits: {each.outside:,}.")
    if each.unaudited:
        said.append(f"No exact shares to compare with: {each.unaudited}.")
        return said
    by_chance = f"{len(each.audits) / 100:.2g} would be expected by chance"
    beyond = each.beyond_chance
    named = f" ({', '.join(beyond)})" if 0 < len(beyond) <= 4 else ""
    said.append(
        f"{len(beyond)} of {count_of(len(each.audits), 'axis', 'axes')}{named} "
        f"{'is' if len(beyond) == 1 else 'are'} further from the exact shares than 99 of 100 "
        f"uniform samples; {by_chance}."
    )
    if each.about and each.about.stratified:
        said.append("A stratified draw is not uniform, and is not expected to agree.")
    return said


def not_known(found: Populations) -> list[str]:
    """List what the page cannot tell."""
    return [
        "Nothing was trained: the accuracy of these networks is unknown.",
        "Costs are counted, not measured: multiply-adds are no measure of speed on a device.",
        "What an axis explains of a cost holds for these networks, under these limits: the labels "
        "of other axes vary as well.",
        *(
            ["Populations from different spaces or limits also differ because of those."]
            if len(found.each) > 1
            else []
        ),
    ]


def command(files: Sequence[str]) -> str:
    """Return the command that writes the page again."""
    options = [word for file in files for word in ("--population", file)]
    return shlex.join(["designspace", "report", *options])
