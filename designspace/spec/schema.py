"""JSON Schemas of networks, recipes, spaces and ladders, for editors."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel

from designspace.spec.documents.ladder_file import Rungs
from designspace.spec.documents.needed_plugins import PLUGINS
from designspace.spec.documents.per_stage import KEY
from designspace.spec.documents.published import KEYS as FACTS
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.spec.space.space import Space

SUBJECTS: dict[str, type[BaseModel]] = {
    "network": Network,
    "recipe": Recipe,
    "space": Space,
    "ladder": Rungs,
}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_STAGED = ("block", "downsample")

JsonSchema = dict[str, Any]

_CHANGES: JsonSchema = {"type": ["object", "null"], "description": "Values by dotted path."}
_VARIANTS: JsonSchema = {
    "type": ["object", "null"],
    "description": "Changes for single networks, by their names.",
    "additionalProperties": {"type": "object"},
}
_PLUGINS: JsonSchema = {
    "type": "object",
    "description": "Plug-ins that are needed: the SHA-256 of each file, or null, by its name.",
    "additionalProperties": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
}
_RECIPE_BESIDE: JsonSchema = {
    "name": {"type": "string"},
    "note": {"type": ["string", "null"]},
    "variants": _VARIANTS,
}


def schema(subject: str) -> JsonSchema:
    """Return the JSON Schema of a network, a recipe, a space or a ladder as it is written in YAML.

    The schema never refuses a valid document. It leaves to validation the rules that JSON Schema
    cannot express well: lengths must agree, and `per_stage` is allowed only inside block and
    downsample.

    Args:
        subject: Key of `SUBJECTS`.
    """
    whole = cast("JsonSchema", _open(SUBJECTS[subject].model_json_schema(mode="validation")))
    definitions: dict[str, JsonSchema] = whole.pop("$defs", {})
    if subject != "recipe":
        whole["properties"][PLUGINS] = _PLUGINS
    if subject == "recipe":
        whole["properties"]["variants"] = _VARIANTS
        return _or_changed(whole, definitions, _RECIPE_BESIDE)
    if subject != "network":
        return {"$schema": _DRAFT, **whole, "$defs": definitions}
    properties = whole["properties"]
    facts = {key: properties[key] for key in FACTS if key in properties}
    for name in _STAGED:
        properties[name] = _a_stage(properties[name]["items"]) | {"title": name}
        properties[name]["anyOf"].append({"type": "array", "items": properties[name]["anyOf"][0]})
    for name in _reached([properties[name] for name in _STAGED], definitions):
        inner: dict[str, JsonSchema] = definitions[name].get("properties", {})
        definitions[name]["properties"] = {
            key: value if key == "kind" else _a_stage(value) for key, value in inner.items()
        }
    return _or_changed(whole, definitions, {"name": {"type": "string"}, PLUGINS: _PLUGINS, **facts})


def _or_changed(whole: JsonSchema, definitions: JsonSchema, beside: JsonSchema) -> JsonSchema:
    """Return a schema for a whole document, or for changes to a base with the keys beside them."""
    changed = {
        "type": "object",
        "title": "changes to another",
        "properties": {
            "base": {"type": "string", "description": "A catalog name or a path."},
            "changes": _CHANGES,
            **beside,
        },
        "required": ["base"],
        "additionalProperties": False,
    }
    return {"$schema": _DRAFT, "anyOf": [whole, changed], "$defs": definitions}


def _open(node: Any) -> Any:
    """Replace `oneOf` by `anyOf`, since a mapping without its `kind` may fit several kinds."""
    if isinstance(node, list):
        return [_open(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    mapping = cast("JsonSchema", node)
    plain = {key: _open(value) for key, value in mapping.items() if key != "discriminator"}
    return {"anyOf" if key == "oneOf" else key: value for key, value in plain.items()}


def _a_stage(value: JsonSchema) -> JsonSchema:
    """Return a schema for one value, or for one value per stage."""
    about = {key: value[key] for key in ("title", "description", "default") if key in value}
    staged = {
        "type": "object",
        "properties": {KEY: {"type": "array", "items": value, "minItems": 1}},
        "required": [KEY],
        "additionalProperties": False,
    }
    return {"anyOf": [value, staged], **about}


def _reached(roots: list[Any], definitions: dict[str, JsonSchema]) -> set[str]:
    """Return the names of the definitions that these schemas use, directly or indirectly."""
    found: set[str] = set()
    queue: list[Any] = roots
    while queue:
        node = queue.pop()
        if isinstance(node, list):
            queue += cast("list[Any]", node)
        elif isinstance(node, dict):
            mapping = cast("JsonSchema", node)
            name = str(mapping.get("$ref", "")).rpartition("/")[2]
            if name in definitions and name not in found:
                found.add(name)
                queue.append(definitions[name])
            queue += list(mapping.values())
    return found
