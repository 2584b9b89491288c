"""Our own layout: every name stays the same."""

from __future__ import annotations

from designspace.weights.layout import Layout, Rule

LAYOUTS = (Layout("designspace", ("designspace",), (Rule("**", "**"),)),)
