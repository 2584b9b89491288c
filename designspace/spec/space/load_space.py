"""Loading a space from a catalog name, a YAML file or plain data, with every choice checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from designspace.spec.documents import catalog
from designspace.spec.documents.document import Document, read_yaml
from designspace.spec.documents.needed_plugins import without_plugins
from designspace.spec.documents.validation import validate
from designspace.spec.network.load import authored, require_fixed
from designspace.spec.recipe.recipe import Recipe
from designspace.spec.recipe.recipe_files import recipe_document
from designspace.spec.space.check_choices import try_choices
from designspace.spec.space.check_needs import require_needs
from designspace.spec.space.expand_stages import expand, is_staged
from designspace.spec.space.space import Space

S = TypeVar("S", bound=Space)


def load_space(source: str | Path | Mapping[str, Any], model: type[S] = Space) -> S:
    """Load a space from a catalog name, a YAML file or plain data.

    An axis with `each_stage` is replaced by one axis per stage. Every choice is tried on the base,
    so that a wrong path or value is found before anything runs.

    Raises:
        InputError: The space is wrong; the error has its file, line and path.
    """
    if isinstance(source, Mapping):
        document, folder = Document(dict(source)), Path()
    else:
        path = catalog.find(source, "search", "space", "axes")
        document, folder = read_yaml(path), path.parent
    document, base = without_plugins(document), None
    if is_staged(document) and isinstance(document.data.get("base"), str | dict):
        document, base = expand(document, authored(_beside(document.data["base"], folder)))
    space = validate(model, document)
    require_fixed(space.base, document.origin(("base",)))
    base = base or authored(_beside(space.base, folder))
    space.authored.update(document.data | {"base": base.data})
    object.__setattr__(space, "_base", base)
    if space.recipe is not None:
        recipe = recipe_document(_beside(space.recipe, folder))
        validate(Recipe, recipe)
        object.__setattr__(space, "_recipe", recipe)
        space.authored["recipe"] = recipe.data
    try_choices(space, document)
    require_needs(space, document)
    return space


def with_recipe(space: S, recipe: Recipe) -> S:
    """Return a copy of the space with another base recipe.

    Raises:
        InputError: A choice does not work with this recipe.
    """
    copy = space.from_recipe(recipe)
    try_choices(copy, Document(copy.authored))
    return copy


def _beside(source: str | dict[str, Any], folder: Path) -> Any:
    """Return the path from the space's folder if there is such a file, else the source itself."""
    near = folder / source if isinstance(source, str) else None
    return near if near and near.is_file() else source
