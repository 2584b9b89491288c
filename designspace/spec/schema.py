"""JSON Schema of the language, for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from designspace.spec.network import Network
from designspace.spec.published import KEYS as FACTS
from designspace.spec.recipe import Recipe
from designspace.spec.space import Space

SUBJECTS: dict[str, type[BaseModel]] = {"network": Network, "recipe": Recipe, "space": Space}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(subject: str) -> dict[str, Any]:
    """The JSON Schema of a network, a recipe or a space, as one writes it in YAML.

    Args:
        subject: A key of `SUBJECTS`.
    """
    whole = SUBJECTS[subject].model_json_schema(mode="validation")
    definitions = whole.pop("$defs", {})
    if subject == "space":
        return {"$schema": _DRAFT, **whole, "$defs": definitions}
    facts = {key: whole["properties"][key] for key in FACTS if key in whole["properties"]}
    changed = {
        "type": "object",
        "title": f"{subject}, as changes to another",
        "properties": {
            "name": {"type": "string"},
            "base": {"type": "string", "description": "A catalog name or a path."},
            "changes": {"type": "object", "description": "Values by dotted path."},
            **facts,
        },
        "required": ["base"],
        "additionalProperties": False,
    }
    return {"$schema": _DRAFT, "anyOf": [whole, changed], "$defs": definitions}
