"""Comparison: what may be held against what, and what then differs by more than noise."""

from designspace.comparison.compare import compare as compare
