"""Comparison: which trainings are comparable, and which differences exceed the noise."""

from designspace.comparison.compare import compare as compare
