"""Our own layout: every name is its own."""

from __future__ import annotations

from designspace.weights.layout import Layout, Rule

LAYOUTS = (Layout("designspace", ("designspace",), (Rule("**", "**"),)),)
