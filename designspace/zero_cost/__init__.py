"""Zero-cost scores of untrained networks, and how well they rank trained ones.

A score does not replace a training.
"""

import designspace.zero_cost.measures  # noqa: F401  # pyright: ignore[reportUnusedImport]
from designspace.zero_cost.score import score
from designspace.zero_cost.settings import Settings
from designspace.zero_cost.study import score_study

__all__ = ["Settings", "score", "score_study"]
