"""The key `plugins:` of a document: reading ends with an error if a plug-in is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from designspace.plugins.required import KEY as PLUGINS
from designspace.plugins.required import require
from designspace.spec.documents.document import Document

__all__ = ["PLUGINS", "without_plugins"]


def without_plugins(document: Document) -> Document:
    """Return the document without the key `plugins:`, once all plug-ins that it names are loaded.

    Raises:
        InputError: A plug-in is not loaded, or its hash differs from the named one. Nothing runs
            only because a document names it.
    """
    data: Any = document.data
    if not isinstance(data, dict) or PLUGINS not in data:
        return document
    mapping = cast("dict[str, Any]", data)
    origin = document.origin((PLUGINS,))
    require(mapping[PLUGINS], origin.file, origin.line)
    return replace(document, data={key: mapping[key] for key in mapping if key != PLUGINS})
