"""Default directories: trainings or searches that differ get different directories."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.spec.space.space import Space

if TYPE_CHECKING:
    from designspace.images.data import Data
    from designspace.searching.recipe_tuning import RecipeTuning
    from designspace.training.state.pretrained import Initial

_LONGEST = 40  # characters of a name, so that the whole path stays valid


def run_home(network: Network, recipe: Recipe, begin: Initial | None, images: Data) -> Path:
    """Return the default directory of a run, without its seed."""
    network_part = f"{network.name or 'network'}-{network.digest[:6]}"
    recipe_part = f"-{recipe.name}-{recipe.digest[:6]}{data_part(images)}"
    beginning = f"-from-{begin.digest[:6]}" if begin else ""
    return Path("runs/train") / f"{network_part}{recipe_part}{beginning}"


def tuned_home(home: Path, tuning: RecipeTuning) -> Path:
    """Return the default directory of runs whose recipe is tuned first."""
    from designspace.spec.documents.digest import digest_of

    what = [tuning.budget.model_dump(mode="json"), tuning.seed]
    return Path(f"{home}-tuned-{digest_of(what)[:6]}")


def study_home(space: Space, recipe: Recipe, data: Data) -> Path:
    """Return the default directory of a study."""
    return Path("runs") / f"{space.name or 'space'}-{recipe.name}{data_part(data)}"


def data_part(data: Data) -> str:
    """Return the part of a default directory that names the data; empty for the packaged set.

    The part for a folder or a file contains some of the digest of its content, because two of the
    same name need not hold the same images; for torchvision's sets the name alone is enough.
    """
    from designspace.images.npz import PACKAGED
    from designspace.images.torchvision_sets import NAMED

    source = data.load.get("source")
    if source is None or source == PACKAGED:
        return ""
    name = re.sub(r"[^\w.-]+", "_", data.name)[:_LONGEST].strip("._-") or "data"
    return f"-{name}" if source in NAMED else f"-{name}-{data.digest[:6]}"
