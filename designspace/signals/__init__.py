"""Cheap signals of untrained networks, and how well they rank trained ones.

They are columns to look at beside a training, never instead of it.
"""

import designspace.signals.measures  # noqa: F401  # pyright: ignore[reportUnusedImport]
from designspace.signals.score import score
from designspace.signals.settings import Settings
from designspace.signals.study import score_study

__all__ = ["Settings", "score", "score_study"]
