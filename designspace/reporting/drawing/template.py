"""Pages from templates: all words escaped, nothing left undefined.

Pictures pass as they are: they are SVG in which the drawing library escaped the words.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as SVG, for a desk and for a telephone."""

    wide: Markup
    slim: Markup


def filled(template: str, /, **values: Any) -> str:
    """A template of this room with these values."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("designspace.reporting", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def own(name: str) -> str:
    """The text of a file that lies beside the templates."""
    return (resources.files("designspace.reporting") / name).read_text(encoding="utf-8")


def script_hash(script: str) -> str:
    """What a content security policy calls a script by."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
