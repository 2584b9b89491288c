"""The terms of a result: everything that it depends on except network and seed, by path.

Two results are comparable if their terms agree. If they do not, each path at which they differ is
a confounder: it may explain the difference as well as the network does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from designspace.records.run import Record
from designspace.records.study.state import StudyState, Trial
from designspace.records.study.study import StudyMeta
from designspace.spec.documents.changes import apply
from designspace.spec.documents.document import Document

Terms = Mapping[str, Any]
RECIPE = "recipe."
_NO_TERMS = ("name", "note", "digest", "epochs")  # without effect on training, or given separately


@dataclass(frozen=True, slots=True)
class Confounder:
    """A path at which the terms of two results differ; None if a side has no value there."""

    path: str
    a: Any
    b: Any

    def __str__(self) -> str:
        return f"{self.path} {shown(self.a)} | {shown(self.b)}"


def confounders(a: Terms, b: Terms) -> tuple[Confounder, ...]:
    """Return the paths at which two results differ, with both values."""
    paths = dict.fromkeys([*a, *b])
    return tuple(Confounder(p, a.get(p), b.get(p)) for p in paths if a.get(p) != b.get(p))


def differing(terms: Iterable[Terms]) -> tuple[str, ...]:
    """Return the paths at which any of several results differs from the first."""
    every = list(terms)
    found = (each.path for other in every[1:] for each in confounders(every[0], other))
    return tuple(dict.fromkeys(found))


def recipe_terms(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms that a full recipe determines, its epochs among them."""
    kept = {key: value for key, value in recipe.items() if key not in _NO_TERMS}
    return {"epochs": str(recipe.get("epochs"))} | _flat(RECIPE, kept)


def record_terms(record: Record) -> dict[str, Any]:
    """Return the terms of a training."""
    full = record.recipe.full
    return recipe_terms(full) | {
        "epochs": _epochs(record, full["epochs"]),
        "data": record.data.digest,
        "input_size": record.input_size,
        "initial": record.initial and record.initial.digest,
        "selection": str(record.selection),
        "tuning": str(record.tuning.budget) if record.tuning else None,
    }


def trial_terms(meta: StudyMeta, trial: Trial) -> dict[str, Any]:
    """Return those terms of a complete trial that can differ within a study."""
    recipe = apply(Document(meta.recipe.full), trial.recipe_changes).data
    size = {"input_size": None if meta.data.image_size else trial.changes.get("input_size")}
    return recipe_terms(recipe) | size


def confounded(meta: StudyMeta, state: StudyState) -> tuple[str, ...]:
    """Return the paths at which a study's complete trials differ besides their networks."""
    return differing(trial_terms(meta, t) for t in state.trials.values() if t.state == "complete")


def _epochs(record: Record, wanted: int) -> str:
    """Return the trained epochs; a divergence counts as the result of the whole recipe."""
    done = len(record.epochs)
    whole = done == wanted or record.outcome.state == "diverged"
    return str(wanted) if whole else f"{done} of {wanted}"


def _flat(prefix: str, data: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            flat |= _flat(f"{prefix}{key}.", cast("Mapping[str, Any]", value))
        else:
            listed = isinstance(value, list)
            flat[f"{prefix}{key}"] = tuple(cast("list[Any]", value)) if listed else value
    return flat


def shown(value: Any) -> str:
    """Return a value of a term as text for people."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, cast('tuple[Any, ...]', value)))}]"
    return str(value)
