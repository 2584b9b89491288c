"""Pages from templates: all text is escaped, and an undefined value is an error.

Pictures are inserted unchanged: they are SVG in which the drawing library has escaped the text.
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
    """A picture as SVG, wide for a desktop and slim for a phone."""

    wide: Markup
    slim: Markup


def filled(template: str, /, **values: Any) -> str:
    """Fill a template of this package with these values."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("designspace.reporting", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def own(name: str) -> str:
    """Return the text of a file that lies beside the templates."""
    return (resources.files("designspace.reporting") / name).read_text(encoding="utf-8")


def script_hash(script: str) -> str:
    """Return the hash that identifies a script in a content security policy."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
